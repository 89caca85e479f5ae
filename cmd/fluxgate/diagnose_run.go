package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

// patient is what a diagnosis is about, and what may be read of it.
type patient struct {
	repositories []*unstructured.Unstructured
	referrer     string // whom the only repository is diagnosed for; empty where it was asked for itself
	logins       diagnose.Logins
}

// run diagnoses what the argument names. The report is the output.
func (f *diagnoseFlags) run(ctx context.Context, argument string, s streams) error {
	found, err := f.find(ctx, argument, s)
	if err != nil {
		return err
	}
	found.logins.Own = registry.DockerConfig{}
	walker := diagnose.Walker{Logins: found.logins, Details: f.verbose}
	if !f.offline {
		if walker.Registry, err = f.registry(found.logins); err != nil {
			return err
		}
	}
	report := diagnose.NewReport(nil)
	for _, repository := range found.repositories {
		diagnosis, err := walker.Walk(ctx, repository)
		if bad := (*flux.ObjectError)(nil); errors.As(err, &bad) {
			key := flux.KeyOf(repository)
			return inputError{fmt.Errorf("%s %s/%s: %w", key.Kind, flux.Plain(key.Namespace), flux.Plain(key.Name), bad)}
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("diagnose: %w", err)
		}
		diagnosis.Object.For = found.referrer
		report.Results = append(report.Results, diagnosis)
	}
	if err := report.Write(s.out, f.output, styleOf(s.out, term.IsTerminal) == check.Colour); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if outcome := report.Outcome(); outcome != diagnose.Passed {
		return diagnosisError{outcome}
	}
	return nil
}

func (f *diagnoseFlags) find(ctx context.Context, argument string, s streams) (patient, error) {
	key, named, err := parseObject(argument)
	switch {
	case err != nil:
		return patient{}, usageError{err}
	case named:
		return f.inCluster(ctx, key)
	}
	return f.inFile(ctx, argument, s.in)
}

// registry asks registries as reviews do, but for the private addresses that an allow-list permits there.
func (f *diagnoseFlags) registry(logins diagnose.Logins) (*registry.Client, error) {
	roots, err := rootsOf(f.registryCA)
	if err != nil {
		return nil, err
	}
	egress, err := parsePrefixes(f.egressAllow)
	if err != nil {
		return nil, usageError{err}
	}
	return registry.New(registry.Options{
		Credentials: logins, Roots: roots, AllowEgress: egress, ResolveTimeout: f.timeout,
	}), nil
}
