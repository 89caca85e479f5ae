package main

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// stored prints fields of what is called podinfo in prod as the API server keeps it.
func stored(kind string, fields []string, has ...string) action {
	return func(ctx context.Context, s *stage) error {
		args := []string{"get", kind, "podinfo", "-n", "prod", "-o", "yaml"}
		printed, _, err := s.Kubectl(ctx, "", args...)
		if err != nil {
			return err
		}
		part, err := excerpt(printed, fields)
		if err != nil {
			return err
		}
		s.block(fmt.Sprintf("$ kubectl %s   # of it, %s", quoted(args), strings.Join(fields, " and ")), part)
		return s.compare(accepted(has...), false, part)
	}
}

// excerpt leaves of a YAML document only some fields, given by dotted paths.
func excerpt(document string, fields []string) (string, error) {
	whole := map[string]any{}
	if err := yaml.Unmarshal([]byte(document), &whole); err != nil {
		return "", err
	}
	part := map[string]any{}
	for _, field := range fields {
		steps := strings.Split(field, ".")
		value, found, err := unstructured.NestedFieldCopy(whole, steps...)
		if err != nil || !found {
			return "", fmt.Errorf("%s is not there: %w", field, err)
		}
		if err := unstructured.SetNestedField(part, value, steps...); err != nil {
			return "", err
		}
	}
	text, err := yaml.Marshal(part)
	return string(text), err
}
