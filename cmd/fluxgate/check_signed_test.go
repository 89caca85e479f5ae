package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
)

const signedObjects = "testdata/signed/objects.yaml"

// signedWorld is a registry with artifacts that are signed by the key of a release, by nobody, and by a stranger; and files with the
// policies that demand the first, and the Secrets of the verify blocks.
type signedWorld struct {
	*testing.T
	registry          *registrytest.Registry
	environment, args []string
	folder            string
	release           signing.Key
	policy, secrets   string // files
}

func newSignedWorld(t *testing.T) *signedWorld {
	t.Helper()
	plain := newWorld(t)
	w := &signedWorld{T: t, registry: plain.registry, environment: plain.environment, args: plain.args[:3], folder: t.TempDir()}
	w.registry.Repeatable()
	w.release = w.key()
	stranger := w.key()
	w.sign("ghcr.io/acme/app", w.release)
	w.sign("ghcr.io/acme/unsigned")
	w.sign("ghcr.io/acme/strange", stranger)
	w.policy = w.write("policy.yaml", `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: signed}
spec:
  pin: {tags: OnChange}
  rules: [{rule: signature-verified}]
  signatures:
    - name: release
      repositories: ["ghcr.io/acme/**"]
      keys: [`+w.public(w.release)+`]
`)
	w.secrets = w.write("secrets.yaml", w.secret("release", w.release)+"---\n"+w.secret("strange", stranger))
	return w
}

func (w *signedWorld) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *signedWorld) key() signing.Key {
	w.Helper()
	key, err := signing.NewKey(signing.ECDSA)
	w.must(err)
	return key
}

// public is a key as a value in YAML.
func (w *signedWorld) public(key signing.Key) string {
	w.Helper()
	text, err := key.Public()
	w.must(err)
	quoted, err := json.Marshal(string(text))
	w.must(err)
	return string(quoted)
}

func (w *signedWorld) secret(name string, key signing.Key) string {
	w.Helper()
	return "{apiVersion: v1, kind: Secret, metadata: {name: " + name + ", namespace: prod}, stringData: {cosign.pub: " + w.public(key) + "}}\n"
}

// sign pushes v1 to a repository, signed by each signer in both forms.
func (w *signedWorld) sign(repository string, signers ...signing.Signer) {
	w.Helper()
	digest := w.registry.MustPush(w, repository, "v1")
	place, err := signing.In(w.registry, repository)
	w.must(err)
	for _, signer := range signers {
		w.must(place.SignBundle(digest, signer))
		w.must(place.SignLegacy(digest, signer))
	}
}

func (w *signedWorld) write(name, content string) string {
	w.Helper()
	path := filepath.Join(w.folder, name)
	w.must(os.WriteFile(path, []byte(content), 0o600))
	return path
}

func (w *signedWorld) check(args ...string) outcome {
	w.Helper()
	return asProcess(w.T, w.environment, append(append([]string{}, w.args...), args...)...)
}

func TestCheckSaysWhatIsWrongWithSignatures(t *testing.T) {
	w := newSignedWorld(t)
	got := w.check("-p", w.policy, signedObjects, w.secrets)
	golden(t, "signed.txt", got.Stdout)
	if got.Code != 1 || got.Stderr != "" {
		t.Errorf("exit code %d, want 1: %s", got.Code, got.Stderr)
	}
}

func TestCheckOfflineLeavesSignaturesUnjudged(t *testing.T) {
	w := newSignedWorld(t)
	got := w.check("--offline", "-p", w.policy, signedObjects, w.secrets)
	golden(t, "signed-offline.txt", got.Stdout)
	if got.Code != 1 || got.Stderr != "" {
		t.Errorf("exit code %d, want 1, as one has no digest whatever a registry says: %s", got.Code, got.Stderr)
	}
	if asked := w.registry.Requests(); len(asked) != 0 {
		t.Errorf("the registry was asked for %v", asked)
	}
}

// demanding writes a policy with one demand, which has the lines.
func (w *signedWorld) demanding(name, lines string) string {
	w.Helper()
	return w.write(name, "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: demanding}\nspec:\n"+
		"  pin: {tags: OnChange}\n  signatures:\n    - name: it\n      "+strings.ReplaceAll(strings.TrimSpace(lines), "\n", "\n      ")+"\n")
}

func TestCheckVerifiesKeylessByATrustedRoot(t *testing.T) {
	w := newSignedWorld(t)
	authority, err := signing.NewAuthority()
	w.must(err)
	trusted, err := authority.TrustedRoot()
	w.must(err)
	w.sign("ghcr.io/acme/keyless", authority.Identity("https://token.example.com", "https://github.com/acme/app/release@v1"))
	root := w.write("trusted_root.json", string(trusted))
	object := w.write("keyless.yaml", repository("keyless"))
	us := w.demanding("us.yaml", "identities: [{issuer: \"https://token.example.com\", subjectRegExp: \"https://github\\\\.com/acme/.*\"}]")
	them := w.demanding("them.yaml", "identities: [{issuer: \"https://token.example.com\", subjectRegExp: \"https://github\\\\.com/others/.*\"}]")
	own := w.demanding("own.yaml", "identities: [{issuer: \"https://token.example.com\", subject: \"https://github.com/acme/app/release@v1\"}]\n"+
		"trustedRoot: |\n  "+strings.ReplaceAll(string(trusted), "\n", "\n  "))
	for sentence, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"an identity that is demanded":            {[]string{"--trusted-root", root, "-p", us}, 0, "OCIRepository prod/keyless: allow"},
		"another identity":                        {[]string{"--trusted-root", root, "-p", them}, 1, `has a cosign signature by "https://github.com/acme/app/release@v1" (issuer "https://token.example.com")`},
		"a trusted root of the demand":            {[]string{"-p", own}, 0, "OCIRepository prod/keyless: allow"},
		"no trusted root is no verdict":           {[]string{"-p", us}, 3, "keyless signatures cannot be verified: an administrator must give a trusted root (--trusted-root)"},
		"a trusted root of nobody who signed it":  {[]string{"--trusted-root", w.write("other.json", w.otherRoot()), "-p", us}, 1, "none of which is a valid keyless one that the trusted root proves"},
		"offline nothing is said of the identity": {[]string{"--offline", "-p", them}, 0, "not judged [demanding]"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := w.check(append(c.args, object)...)
			if got.Code != c.code || !strings.Contains(got.Stdout, c.says) {
				t.Errorf("got %+v, want code %d and %q", got, c.code, c.says)
			}
		})
	}
}

func (w *signedWorld) otherRoot() string {
	w.Helper()
	authority, err := signing.NewAuthority()
	w.must(err)
	text, err := authority.TrustedRoot()
	w.must(err)
	return string(text)
}

func TestCheckReadsClusterImagePolicies(t *testing.T) {
	w := newSignedWorld(t)
	const head = "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: release}\nspec:\n"
	released := head + "  images: [{glob: \"**\"}]\n  authorities: [{name: key, key: {data: " + w.public(w.release) + "}}]\n"
	inline := w.demanding("inline.yaml", "clusterImagePolicies:\n  inline:\n    - "+strings.ReplaceAll(strings.TrimSpace(released), "\n", "\n      "))
	named := w.demanding("named.yaml", "clusterImagePolicies: {names: [release]}")
	every := w.demanding("every.yaml", "clusterImagePolicies: {names: [\"*\"]}")
	beside := w.write("release.yaml", released)
	good, bad := w.write("good.yaml", repository("app")), w.write("bad.yaml", repository("strange"))
	for sentence, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"inline, and admitted":        {[]string{"-p", inline, good}, 0, "OCIRepository prod/app: allow"},
		"inline, and refused":         {[]string{"-p", inline, bad}, 1, "is refused by ClusterImagePolicy release: authority key: "},
		"of a file, and admitted":     {[]string{"-p", named, "-p", beside, good}, 0, "OCIRepository prod/app: allow"},
		"of a file, and refused":      {[]string{"-p", named, "-p", beside, bad}, 1, "is refused by ClusterImagePolicy release: authority key: "},
		"all there are, and refused":  {[]string{"-p", every, "-p", beside, bad}, 1, "is refused by ClusterImagePolicy release: authority key: "},
		"none there are, which is no": {[]string{"-p", every, good}, 1, "is what none of the demand's ClusterImagePolicies is for"},
		"one that is not there":       {[]string{"-p", named, good}, 3, "the ClusterImagePolicy release, which the policy demands, is not known; an administrator must apply it"},
		"one that is none":            {[]string{"-p", named, "-p", w.write("broken.yaml", head+"  images: []\n"), good}, 2, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := w.check(c.args...)
			if got.Code != c.code || !strings.Contains(got.Stdout, c.says) {
				t.Errorf("got %+v, want code %d and %q", got, c.code, c.says)
			}
		})
	}
}

// repository is an OCIRepository of v1 of ghcr.io/acme/NAME.
func repository(name string) string {
	return "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: " + name + ", namespace: prod}\n" +
		"spec: {interval: 10m, url: \"oci://ghcr.io/acme/" + name + "\", ref: {tag: v1}}\n"
}
