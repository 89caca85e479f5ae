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
	"github.com/fluxgate/fluxgate/verify/verdicts"
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
		trusted, err := f.trust.once(ctx)
		if err != nil {
			return err
		}
		walker.Signatures = ownSignatures{verdicts.New(verdicts.Options{
			Registry: walker.Registry, Secrets: material{found.logins.Secrets}, TrustedRoot: trustedBy(trusted),
		})}
	}
	report, bad, err := found.walk(ctx, walker)
	if err != nil {
		return err
	}
	if err := report.Write(s.out, f.output, styleOf(s.out, term.IsTerminal) == check.Colour); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if bad != nil {
		return bad
	}
	if outcome := report.Outcome(); outcome != diagnose.Passed {
		return diagnosisError{outcome}
	}
	return nil
}

// walk diagnoses all repositories. bad is what is wrong with those that cannot be read; they are not in the report.
func (p patient) walk(ctx context.Context, walker diagnose.Walker) (report *diagnose.Report, bad, err error) {
	report = diagnose.NewReport(nil)
	for _, repository := range p.repositories {
		diagnosis, err := walker.Walk(ctx, repository)
		if wrong := (*flux.ObjectError)(nil); errors.As(err, &wrong) {
			key := flux.KeyOf(repository)
			bad = errors.Join(bad, inputError{fmt.Errorf("%s %s/%s: %w", key.Kind, flux.Plain(key.Namespace), flux.Plain(key.Name), wrong)})
			continue
		}
		if err == nil {
			err = ctx.Err() // what an interrupt ended looks like a time-out
		}
		if err != nil {
			return nil, nil, fmt.Errorf("diagnose: %w", err)
		}
		diagnosis.Object.For = p.referrer
		report.Results = append(report.Results, diagnosis)
	}
	return report, bad, nil
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
	o, err := f.dialling.options(f.timeout)
	if err != nil {
		return nil, err
	}
	o.Credentials = logins
	return registry.New(o), nil
}
