package assets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadyMadeBinariesAreUsedOnlyWhenComplete(t *testing.T) {
	for name, test := range map[string]struct {
		present []string
		want    string
	}{
		"all three":         {[]string{"etcd", "kube-apiserver", "kubectl"}, ""},
		"no kubectl":        {[]string{"etcd", "kube-apiserver"}, "kubectl is not in"},
		"no kube-apiserver": {[]string{"etcd", "kubectl"}, "kube-apiserver is not in"},
		"an empty folder":   {nil, "etcd is not in"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, file := range test.present {
				if err := os.WriteFile(filepath.Join(dir, file), nil, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			got, err := Locate(dir)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "unset KUBEBUILDER_ASSETS") {
					t.Errorf("want an error with %q and a remedy, got %v", test.want, err)
				}
				return
			}
			want := Binaries{dir + "/etcd", dir + "/kube-apiserver", dir + "/kubectl"}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("error %v, binaries (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestMissingBinariesNameTheMakeTarget(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+modulePath+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if _, err := Locate(""); err == nil || !strings.Contains(err.Error(), "run `make controlplane`") {
		t.Errorf("want an error that names `make controlplane`, got %v", err)
	}
}
