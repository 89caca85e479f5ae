package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/test/signing"
)

// TestDiagnoseVerifiesSignatures: with the Secrets of the file, and with the trusted root of the flag.
func TestDiagnoseVerifiesSignatures(t *testing.T) {
	w := newSignedWorld(t)
	authority, err := signing.NewAuthority()
	w.must(err)
	trusted, err := authority.TrustedRoot()
	w.must(err)
	w.sign("ghcr.io/acme/keyless", authority.Identity("https://token.example.com", "https://github.com/acme/app/release@v1"))
	root := w.write("trusted_root.json", string(trusted))
	verifiedBy := func(name, block string) string {
		return strings.Replace(repository(name), "ref:", "verify: {provider: cosign, "+block+"}, ref:", 1)
	}
	byRelease := "secretRef: {name: release}"
	keyless := verifiedBy("keyless", `matchOIDCIdentity: [{issuer: "^https://token\\.example\\.com$", subject: "^https://github\\.com/acme/"}]`)
	secret := "---\n" + w.secret("release", w.release)
	var printed strings.Builder
	for _, c := range []struct {
		sentence, content string
		flags             []string
		code              int
	}{
		{"nobody signed it", verifiedBy("unsigned", byRelease) + secret, nil, 1},
		{"somebody else signed it", verifiedBy("strange", byRelease) + secret, nil, 1},
		{"the Secret has no key", verifiedBy("app", byRelease) + strings.Replace(secret, "cosign.pub", "cosign.key", 1), nil, 1},
		{"the Secret is not in the file", verifiedBy("app", byRelease), nil, 3},
		{"keyless, by a trusted root", keyless, []string{"--trusted-root", root}, 0},
		{"keyless, without one", keyless, nil, 3},
	} {
		args := append([]string{"diagnose", "--registry-ca", w.args[2], w.write("app.yaml", c.content)}, c.flags...)
		got := asProcess(t, w.environment, args...)
		if got.Code != c.code || got.Stderr != "" {
			t.Errorf("%s: got %+v, want code %d", c.sentence, got, c.code)
		}
		_, step, _ := strings.Cut(got.Stdout, "  signature    ")
		fmt.Fprintf(&printed, "== %s\n  signature    %s\n", c.sentence, step)
	}
	golden(t, "diagnose-signed.txt", printed.String())

	good := asProcess(t, w.environment, "diagnose", "--registry-ca", w.args[2], w.write("app.yaml", verifiedBy("app", byRelease)+secret))
	if want := "  passed   signature    cosign-bundle, signed by the key sha256:"; good.Code != 0 || !strings.Contains(good.Stdout, want) {
		t.Errorf("with the key that signed it: got %+v, want code 0 and %q", good, want)
	}
}
