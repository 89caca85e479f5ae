package controlplane

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func clientOf(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func createNamespace(t *testing.T, c client.Client, name string) {
	t.Helper()
	if err := c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
		t.Fatal(err)
	}
}

func TestAControlPlaneIsUsable(t *testing.T) {
	c := ForTest(t, Options{})
	t.Run("by kubectl, with Flux's kinds", func(t *testing.T) {
		out, err := exec.CommandContext(t.Context(), c.Kubectl, "--kubeconfig", c.Kubeconfig, "get", "crd", "-o", "name").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		want := []string{
			"buckets.source.toolkit.fluxcd.io", "externalartifacts.source.toolkit.fluxcd.io",
			"gitrepositories.source.toolkit.fluxcd.io", "helmcharts.source.toolkit.fluxcd.io",
			"helmreleases.helm.toolkit.fluxcd.io", "helmrepositories.source.toolkit.fluxcd.io",
			"kustomizations.kustomize.toolkit.fluxcd.io", "ocirepositories.source.toolkit.fluxcd.io",
		}
		got := strings.Fields(strings.ReplaceAll(string(out), "customresourcedefinition.apiextensions.k8s.io/", ""))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("CRDs (-want +got):\n%s", diff)
		}
	})
	t.Run("by users, who may do nothing unless RBAC says so", func(t *testing.T) { usersAreAuthorized(t, c) })
	t.Run("by ServiceAccounts with a token of the API server", func(t *testing.T) {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "robot"}}
		if err := clientOf(t, c.Config).Create(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		config, err := c.ServiceAccount(t.Context(), "default", "robot")
		if err != nil {
			t.Fatal(err)
		}
		if got := whoAmI(t, config); got != "system:serviceaccount:default:robot" {
			t.Errorf("the token is of %q", got)
		}
		if _, err := c.ServiceAccount(t.Context(), "default", "nobody"); err == nil {
			t.Error("a token of a ServiceAccount that does not exist")
		}
	})
	t.Run("without an audit log unless one was asked for", func(t *testing.T) {
		if _, err := c.AuditEvents(); err == nil || !strings.Contains(err.Error(), "Options.Audit") {
			t.Errorf("want an error that names Options.Audit, got %v", err)
		}
	})
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.dir); !os.IsNotExist(err) {
		t.Errorf("files are left in %s: %v", c.dir, err)
	}
}

func usersAreAuthorized(t *testing.T, c *ControlPlane) {
	t.Helper()
	for name, test := range map[string]struct {
		groups  []string
		allowed bool
	}{"alice": {nil, false}, "root": {[]string{"system:masters"}, true}} {
		config, err := c.User(name, test.groups...)
		if err != nil {
			t.Fatal(err)
		}
		if got := whoAmI(t, config); got != name {
			t.Errorf("the certificate of %s is of %q", name, got)
		}
		err = clientOf(t, config).List(t.Context(), &corev1.SecretList{})
		if got := err == nil; got != test.allowed || (!got && !apierrors.IsForbidden(err)) {
			t.Errorf("%s lists Secrets: %v, want allowed %t", name, err, test.allowed)
		}
	}
}

func whoAmI(t *testing.T, config *rest.Config) string {
	t.Helper()
	review := &authenticationv1.SelfSubjectReview{}
	if err := clientOf(t, config).Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	return review.Status.UserInfo.Username
}

func TestAStartThatIsCalledOffLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // in the middle of it
	defer cancel()
	if _, err := Start(ctx, Options{}); err == nil {
		t.Error("started under a context that had ended")
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) != 0 {
		t.Errorf("files are left: %v %v", left, err)
	}
}
