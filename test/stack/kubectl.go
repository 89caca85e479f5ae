package stack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Kubectl runs kubectl as the administrator, with stdin given. It returns what kubectl printed, and an error that quotes
// it where kubectl failed.
func (s *Stack) Kubectl(ctx context.Context, stdin string, args ...string) (stdout, stderr string, err error) {
	return s.KubectlAs(ctx, s.Kubeconfig, stdin, args...)
}

// KubectlAs is Kubectl with another kubeconfig.
func (s *Stack) KubectlAs(ctx context.Context, kubeconfig, stdin string, args ...string) (stdout, stderr string, err error) {
	command := exec.CommandContext(ctx, s.ControlPlane.Kubectl, args...) //nolint:gosec // the kubectl that we built
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	command.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err = command.Run(); err != nil {
		err = fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), errs.String(), err
}

// CreateNamespace creates a namespace with labels.
func (s *Stack) CreateNamespace(ctx context.Context, name string, labels map[string]string) error {
	admin, err := client.New(s.Config, client.Options{})
	if err != nil {
		return err
	}
	return admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
}
