package registries_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/test/controlplane"
)

// diagnosed is the step that fails of those that `fluxgate diagnose` walks for an OCIRepository; empty where none does.
func diagnosed(t *testing.T, namespace, name string) string {
	t.Helper()
	root, err := controlplane.Root()
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, w.Registry.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), filepath.Join(root, "bin", "fluxgate"), "diagnose",
		"-o", "json", "--registry-ca", ca, "--egress-allow", "127.0.0.0/8", "OCIRepository/"+namespace+"/"+name)
	command.Env = []string{"HTTPS_PROXY=" + w.Proxy.URL(), "HTTP_PROXY=" + w.Proxy.URL(), "NO_PROXY=127.0.0.1", "KUBECONFIG=" + w.Kubeconfig, "HOME=" + t.TempDir()}
	said, err := command.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var report struct {
		Results []struct {
			Steps []struct{ Name, Status string }
		}
	}
	if err := json.Unmarshal(said, &report); err != nil || len(report.Results) != 1 {
		t.Fatalf("diagnose %s/%s: %v in:\n%s", namespace, name, err, said)
	}
	for _, step := range report.Results[0].Steps {
		if step.Status == "failed" {
			if command.ProcessState.ExitCode() != 1 {
				t.Errorf("diagnose %s/%s: the step %s fails, and the exit code is %d", namespace, name, step.Name, command.ProcessState.ExitCode())
			}
			return step.Name
		}
	}
	if code := command.ProcessState.ExitCode(); code != 0 {
		t.Errorf("diagnose %s/%s: no step fails, and the exit code is %d:\n%s", namespace, name, code, said)
	}
	return ""
}

// agrees fails unless a step fails just where Flux pulls nothing.
func agrees(t *testing.T, sentence, step, flux string) {
	t.Helper()
	if (step == "") != strings.HasPrefix(flux, "pulls ") {
		t.Errorf("%s: diagnose says that the step %q fails, and Flux %s", sentence, step, flux)
	}
}
