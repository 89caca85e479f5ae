package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policytest"
)

const exitCodes = `Exit codes: 0 nothing is denied; 1 something is denied; 2 bad usage, or input that cannot be read; 3 it could not be done
or told, for example because a registry is down. Of several the first of 2, 1, 3 counts.`

// usageError is a command line that cannot be: exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// inputError is a file or setting that cannot be used, and that is the user's to mend: exit code 2.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// outcomeError carries what a check came to; the report has said everything already.
type outcomeError struct{ outcome check.Outcome }

func (e outcomeError) Error() string { return fmt.Sprintf("outcome %d", e.outcome) }

// testsError carries what tests of policies came to; the report has said everything already.
type testsError struct{ outcome policytest.Outcome }

func (e testsError) Error() string { return fmt.Sprintf("outcome %d of the tests", e.outcome) }

// diagnosisError carries what a diagnosis came to; the report has said everything already.
type diagnosisError struct{ outcome diagnose.Status }

func (e diagnosisError) Error() string { return "outcome of the diagnosis: " + string(e.outcome) }

// exitCode is the only place that knows what the exit codes mean. It prints the errors that nobody has shown yet.
func exitCode(err error, stderr io.Writer) int {
	var outcome outcomeError
	var tests testsError
	var diagnosis diagnosisError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &outcome):
		return outcomeCode(outcome.outcome)
	case errors.As(err, &tests) && tests.outcome == policytest.Failed:
		return 1
	case errors.As(err, &tests) && tests.outcome == policytest.BadInput:
		return 2
	case errors.As(err, &diagnosis) && diagnosis.outcome == diagnose.Failed:
		return 1
	case errors.As(err, &diagnosis):
		return 3
	}
	fmt.Fprintln(stderr, "fluxgate:", err)
	if isUsers(err) {
		return 2
	}
	return 3
}

func outcomeCode(outcome check.Outcome) int {
	switch outcome {
	case check.Clean:
		return 0
	case check.Denied:
		return 1
	case check.BadInput:
		return 2
	default:
		return 3
	}
}

// isUsers reports whether the user can mend the error by other arguments or files.
func isUsers(err error) bool {
	var (
		usage  usageError
		input  inputError
		policy *policy.LoadError
	)
	return errors.As(err, &usage) || errors.As(err, &input) || errors.As(err, &policy)
}
