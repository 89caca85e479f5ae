package main

import (
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
)

// manifestFlags are the settings of commands that read manifests, ask registries about them, and report.
type manifestFlags struct {
	namespace string
	output    string
	offline   bool
	verbose   bool
	timeout   time.Duration
	dialling  diallingFlags
	trust     trustFlags
}

// check reports every setting that cannot be. checkFormat knows the formats of the report.
func (f *manifestFlags) check(checkFormat func(string) error) error {
	var all []error
	if err := checkFormat(f.output); err != nil {
		all = append(all, fmt.Errorf("--output: %w", err))
	}
	for _, reason := range validation.IsDNS1123Label(f.namespace) {
		all = append(all, fmt.Errorf("--namespace: %q is no name of a namespace: %s", f.namespace, reason))
	}
	if f.timeout <= 0 {
		all = append(all, fmt.Errorf("--timeout: %s is not above 0s", f.timeout))
	}
	return errors.Join(append(all, f.dialling.check(), f.trust.check())...)
}
