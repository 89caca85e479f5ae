// Package crds_test shows, at a real API server, what deploy/crds accepts, refuses, stores and prints. No webhook is installed:
// what is refused here is refused by the schema alone.
package crds_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/test/controlplane"
)

// root is the root of the repository, seen from this folder.
const root = "../../.."

var (
	plane *controlplane.ControlPlane
	// admin is the administrator's client. It knows the types of v1alpha1 only.
	admin client.Client
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	log.SetLogger(logr.Discard()) // controller-runtime's client complains without one
	ctx := context.Background()
	if plane, err = controlplane.Start(ctx, controlplane.Options{}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, plane.Stop()) }()
	crds, err := controlplane.Manifests(root + "/deploy/crds")
	if err != nil {
		return 1, err
	}
	if err := plane.Apply(ctx, crds...); err != nil {
		return 1, err
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return 1, err
	}
	if admin, err = client.New(plane.Config, client.Options{Scheme: scheme}); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// kubectl runs kubectl as the administrator, with stdin given. The error quotes what it complained of.
func kubectl(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), plane.Kubectl, append([]string{"--kubeconfig", plane.Kubeconfig}, args...)...)
	command.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// parse reads a manifest.
func parse(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &object.Object); err != nil {
		t.Fatalf("%v in\n%s", err, manifest)
	}
	return object
}

// policyOf and exceptionOf make an object of a spec.
func policyOf(t *testing.T, spec string) *unstructured.Unstructured {
	t.Helper()
	return parse(t, "{apiVersion: fluxgate.dev/v1alpha1, kind: SourcePolicy, metadata: {name: p}, spec: "+spec+"}")
}

func exceptionOf(t *testing.T, spec string) *unstructured.Unstructured {
	t.Helper()
	return parse(t, "{apiVersion: fluxgate.dev/v1alpha1, kind: PolicyException, metadata: {name: e, namespace: default}, spec: "+spec+"}")
}

// try creates an object and stores nothing. A field that the schema does not know is an error, as it is with kubectl.
func try(t *testing.T, object client.Object) error {
	t.Helper()
	return admin.Create(t.Context(), object, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
}

// complaints are the lines "field: message" of a refusal, sorted.
func complaints(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || !apierrors.IsInvalid(err) {
		t.Fatalf("want the API server to call it invalid, got %v", err)
	}
	var lines []string
	for _, cause := range status.ErrStatus.Details.Causes {
		// The API server says so beside whatever else is wrong.
		if !strings.Contains(cause.Message, "some validation rules were not checked because the object was invalid") {
			lines = append(lines, cause.Field+": "+cause.Message)
		}
	}
	slices.Sort(lines)
	return lines
}
