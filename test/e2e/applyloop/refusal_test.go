package applyloop_test

import (
	"errors"
	"strings"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// refusal is what the user sees of an error of the API server; zero where there is none.
type refusal struct {
	Code    int32
	Message string
}

func refusalOf(err error) refusal {
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return refusal{}
	case errors.As(err, &status):
		return refusal{Code: status.Status().Code, Message: status.Status().Message}
	default:
		return refusal{Message: err.Error()}
	}
}

// invalid is the refusal of a webhook for an object that is bad in itself.
func invalid(webhook, message string) refusal {
	return refusal{Code: 422, Message: `admission webhook "` + webhook + `" denied the request: ` + message}
}

// denied is the refusal of the validating webhook for violations.
func denied(violations ...string) refusal {
	return refusal{Code: 403, Message: `admission webhook "validate.fluxgate.dev" denied the request: policy violations:` +
		"\n" + strings.Join(violations, "\n")}
}

// expectRefused compares a refusal as a whole.
func (n *tenant) expectRefused(want refusal, err error) {
	n.Helper()
	if diff := cmp.Diff(want, refusalOf(err)); diff != "" {
		n.Errorf("refusal (-want +got):\n%s", diff)
	}
}

// expectDenied compares which rules deny at which paths ("[production/pin] spec.ref.digest"); how they put it is for
// other tests.
func (n *tenant) expectDenied(err error, want ...string) {
	n.Helper()
	if diff := cmp.Diff(want, denying(err)); diff != "" {
		n.Errorf("denials (-want +got):\n%s", diff)
	}
}

// denying lists the rules that deny, with their paths; an error that is no denial of ours stands for itself.
func denying(err error) []string {
	if err == nil {
		return nil
	}
	_, text, found := strings.Cut(err.Error(), denied().Message)
	if !found {
		return []string{err.Error()}
	}
	return heads(strings.Split(strings.TrimSpace(text), "\n"))
}

// heads leaves of each violation the policy, the rule and the path.
func heads(violations []string) []string {
	var short []string
	for _, violation := range violations {
		head, _, _ := strings.Cut(violation, ": ")
		short = append(short, head)
	}
	return short
}
