package applyloop_test

import (
	"os"
	"os/exec"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// kubectl runs kubectl in the tenant's namespace with an object on stdin; nil is none. It returns what kubectl printed.
func (n *tenant) kubectl(stdin *unstructured.Unstructured, args ...string) (string, error) {
	n.Helper()
	var text string
	if stdin != nil {
		data, err := yaml.Marshal(stdin.Object)
		if err != nil {
			n.Fatal(err)
		}
		text = string(data)
	}
	printed, _, err := n.world.Kubectl(n.Context(), text, append([]string{"--namespace", n.namespace}, args...)...)
	return printed, err
}

// kubectlApply is `kubectl apply`, and `kubectl apply --server-side` with that flag.
func (n *tenant) kubectlApply(manifest *unstructured.Unstructured, flags ...string) {
	n.Helper()
	if _, err := n.kubectl(manifest, append([]string{"apply", "--filename", "-"}, flags...)...); err != nil {
		n.Fatal(err)
	}
}

// kubectlEdit is `kubectl edit` of the tenant's app with sed as the editor.
func (n *tenant) kubectlEdit(script ...string) {
	n.Helper()
	editor := "sed -i"
	for _, line := range script {
		editor += " -e '" + line + "'"
	}
	command := exec.CommandContext(n.Context(), n.world.ControlPlane.Kubectl, "edit", "--namespace", n.namespace,
		"ocirepositories.source.toolkit.fluxcd.io", "app")
	command.Env = append(os.Environ(), "KUBECONFIG="+n.world.Kubeconfig, "KUBE_EDITOR="+editor)
	printed, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(printed), "edited") {
		n.Fatalf("kubectl edit with %s: %v\n%s", editor, err, printed)
	}
}

// backup is the tenant's app as `kubectl get -o yaml` prints it, without what a create may not name.
func (n *tenant) backup() *unstructured.Unstructured {
	n.Helper()
	printed, err := n.kubectl(nil, "get", "ocirepositories.source.toolkit.fluxcd.io", "app", "--output", "yaml")
	if err != nil {
		n.Fatal(err)
	}
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(printed), &obj.Object); err != nil {
		n.Fatal(err)
	}
	return without(without(obj, "metadata", "resourceVersion"), "metadata", "uid")
}
