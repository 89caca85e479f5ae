package verify

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The fingerprints as OpenSSL has them: openssl pkey -pubin -in FILE -outform DER | sha256sum.
const (
	ecdsaPrint   = "sha256:b41318ed454e1d572296630b4da665d1e728e8d6a1cb3ac193aa47864cbac1d1"
	rsaPrint     = "sha256:bf9c351ccaf115c75498578d841e18821dd827c55832b0151e5d99bb86b02df1"
	ed25519Print = "sha256:9ddc33171946c62e35c235582bcaa1f1f2a1cdcf43caa1cf82d152ff2128b47e"
)

func file(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// der is the content of the first block of a file.
func der(t testing.TB, name string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(file(t, name)))
	return string(block.Bytes)
}

func block(kind, content string) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte(content)}))
}

type keysTest struct {
	provider string
	data     map[string]string
	want     []Key
	err      SecretError
}

func (test keysTest) run(t *testing.T) {
	data := map[string][]byte{}
	for entry, content := range test.data {
		data[entry] = []byte(content)
	}
	got, err := Keys(test.provider, data)
	if diff := cmp.Diff(test.want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	found := &SecretError{}
	if err != nil && !errors.As(err, &found) {
		t.Fatalf("the error is a %T", err)
	}
	if diff := cmp.Diff(test.err, *found); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestKeysOfCosign(t *testing.T) {
	ecdsa := file(t, "ecdsa.pub")
	bad := func(problem string) SecretError { return SecretError{Entry: "a.pub", Problem: problem} }
	none := SecretError{Problem: "has nothing under a key that ends in .pub"}
	for sentence, test := range map[string]keysTest{
		"each key under its entry": {
			data: map[string]string{"c.pub": file(t, "rsa.pub"), "a.pub": ecdsa, "b.pub": file(t, "ed25519.pub")},
			want: []Key{{"a.pub", ecdsaPrint}, {"b.pub", ed25519Print}, {"c.pub", rsaPrint}},
		},
		"an RSA key in its own form has the same fingerprint": {
			data: map[string]string{"a.pub": file(t, "rsa-pkcs1.pub")}, want: []Key{{"a.pub", rsaPrint}}},
		"the same key twice": {
			data: map[string]string{"a.pub": ecdsa, "b.pub": ecdsa}, want: []Key{{"a.pub", ecdsaPrint}, {"b.pub", ecdsaPrint}}},
		"text around the block": {
			data: map[string]string{"a.pub": "our key\n" + ecdsa + "that was it\n"}, want: []Key{{"a.pub", ecdsaPrint}}},
		"other entries are not read": {
			data: map[string]string{"cosign.pub": ecdsa, "cosign.key": "private", "ca.crt": "x", "pub": "x", "a.PUB": "x"},
			want: []Key{{"cosign.pub", ecdsaPrint}},
		},
		"one that cannot be read spoils the others": {
			data: map[string]string{"0.pub": ecdsa, "a.pub": "none", "z.pub": ecdsa}, err: bad(noPublicKey)},
		"an empty one":     {data: map[string]string{"a.pub": "", "b.pub": ecdsa}, err: bad(noPublicKey)},
		"only white space": {data: map[string]string{"a.pub": " \n"}, err: bad(noPublicKey)},
		"two keys, of which one counts": {
			data: map[string]string{"a.pub": ecdsa + file(t, "rsa.pub")}, err: bad(severalKeys)},
		"a certificate":            {data: map[string]string{"a.pub": file(t, "ecdsa.crt")}, err: bad(noPublicKey)},
		"DER":                      {data: map[string]string{"a.pub": der(t, "ecdsa.pub")}, err: bad(noPublicKey)},
		"a private key":            {data: map[string]string{"a.pub": block("PRIVATE KEY", "x")}, err: bad(noPublicKey)},
		"a broken block":           {data: map[string]string{"a.pub": block("PUBLIC KEY", "x")}, err: bad(noPublicKey)},
		"a key that is cut off":    {data: map[string]string{"a.pub": block("PUBLIC KEY", der(t, "ecdsa.pub")[:40])}, err: bad(noPublicKey)},
		"something behind the key": {data: map[string]string{"a.pub": block("PUBLIC KEY", der(t, "ecdsa.pub")+"x")}, err: bad(noPublicKey)},
		"a key of the wrong form":  {data: map[string]string{"a.pub": block("RSA PUBLIC KEY", der(t, "rsa.pub"))}, err: bad(noPublicKey)},
		"a key that signs nothing": {data: map[string]string{"a.pub": file(t, "x25519.pub")}, err: bad(oddKey)},
		"a point that is on no curve": {
			data: map[string]string{"a.pub": block("PUBLIC KEY", der(t, "ecdsa.pub")[:90]+"x")}, err: bad(noPublicKey)},
		"one that is too long": {
			data: map[string]string{"a.pub": strings.Repeat("x", maxEntry) + ecdsa}, err: bad("more than 65536 bytes")},
		"no entry":           {data: map[string]string{"cosign.key": "x"}, err: none},
		"nothing at all":     {err: none},
		"the provider named": {provider: "cosign", data: map[string]string{"a.pub": ecdsa}, want: []Key{{"a.pub", ecdsaPrint}}},
	} {
		t.Run(sentence, test.run)
	}
}

// TestPublicKeysAreThoseOfCosign: each key that verifies is one whose fingerprint rules judge, and the errors are the same.
func TestPublicKeysAreThoseOfCosign(t *testing.T) {
	for sentence, data := range map[string]map[string][]byte{
		"three kinds of keys": {
			"c.pub": []byte(file(t, "rsa.pub")), "a.pub": []byte(file(t, "ecdsa.pub")), "b.pub": []byte(file(t, "ed25519.pub")),
			"cosign.key": []byte("private"),
		},
		"one that cannot be read": {"a.pub": []byte("none"), "b.pub": []byte(file(t, "ecdsa.pub"))},
		"none":                    {"a.crt": []byte(file(t, "ecdsa.crt"))},
	} {
		t.Run(sentence, func(t *testing.T) {
			keys, keysErr := Keys("cosign", data)
			public, err := PublicKeys(data)
			var got, want []string
			for _, key := range public {
				fingerprint, _ := fingerprintOf(key.Key)
				got = append(got, key.Fingerprint, fingerprint)
			}
			for _, key := range keys {
				want = append(want, key.Fingerprint, key.Fingerprint)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("fingerprints (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(keysErr, err); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeysOfNotation(t *testing.T) {
	ecdsa, other := file(t, "ecdsa.crt"), file(t, "ed25519.crt")
	bad := func(problem string) SecretError { return SecretError{Entry: "a.crt", Problem: problem} }
	for sentence, test := range map[string]keysTest{
		"the keys of certificates": {
			data: map[string]string{"a.crt": ecdsa, "b.pem": other, "trustpolicy.json": "{}", "c.pub": "x"},
			want: []Key{{"a.crt", ecdsaPrint}, {"b.pem", ed25519Print}},
		},
		"all of several blocks": {
			data: map[string]string{"a.crt": ecdsa + other}, want: []Key{{"a.crt", ecdsaPrint}, {"a.crt", ed25519Print}}},
		"all of one block": {
			data: map[string]string{"a.crt": block("CERTIFICATE", der(t, "ecdsa.crt")+der(t, "ed25519.crt"))},
			want: []Key{{"a.crt", ecdsaPrint}, {"a.crt", ed25519Print}}},
		"DER": {
			data: map[string]string{"a.crt": der(t, "ecdsa.crt") + der(t, "ed25519.crt")},
			want: []Key{{"a.crt", ecdsaPrint}, {"a.crt", ed25519Print}}},
		"a block by another name, which Flux reads all the same": {
			data: map[string]string{"a.crt": block("FLOPPY", der(t, "ecdsa.crt"))}, want: []Key{{"a.crt", ecdsaPrint}}},
		"a key":                       {data: map[string]string{"a.crt": file(t, "ecdsa.pub")}, err: bad(noCertificate)},
		"a key behind a certificate":  {data: map[string]string{"a.crt": ecdsa + file(t, "ecdsa.pub")}, err: bad(noCertificate)},
		"nothing":                     {data: map[string]string{"a.crt": ""}, err: bad(noCertificate)},
		"an empty block":              {data: map[string]string{"a.crt": block("CERTIFICATE", "")}, err: bad(noCertificate)},
		"no entry":                    {data: map[string]string{"trustpolicy.json": "{}", "a.pub": "x"}, err: SecretError{Problem: "has nothing under a key that ends in .crt or .pem"}},
		"more than anybody can count": {data: map[string]string{"a.crt": strings.Repeat(ecdsa, 70), "b.crt": ecdsa}, err: SecretError{Problem: "holds more than 64 keys"}},
	} {
		test.provider = "notation"
		t.Run(sentence, test.run)
	}
}

func TestSecretErrorsTellNoContent(t *testing.T) {
	for _, test := range []struct{ err, want string }{
		{Missing().Error(), "does not exist"},
		{(&SecretError{Entry: "cosign.pub", Problem: noPublicKey}).Error(), `has under "cosign.pub" no public key in PEM`},
		{(&SecretError{Entry: "a\n\x1b[31m", Problem: oddKey}).Error(), `has under "a\n\x1b[31m" a key that is none of ECDSA, RSA and Ed25519`},
		{(&SecretError{Entry: strings.Repeat("a", 100), Problem: oddKey}).Error(),
			fmt.Sprintf("has under %q… a key that is none of ECDSA, RSA and Ed25519", strings.Repeat("a", 64))},
	} {
		if test.err != test.want {
			t.Errorf("got %s, want %s", test.err, test.want)
		}
	}
}

// FuzzKeys: whatever stands in a Secret, what comes back is fingerprints or a sentence.
func FuzzKeys(f *testing.F) {
	for _, name := range []string{"ecdsa.pub", "rsa.pub", "rsa-pkcs1.pub", "ed25519.pub", "x25519.pub", "ecdsa.crt", "ed25519.crt"} {
		f.Add("cosign", []byte(file(f, name)))
		f.Add("notation", []byte(der(f, name)))
	}
	f.Fuzz(func(t *testing.T, provider string, content []byte) {
		keys, err := Keys(provider, map[string][]byte{"a.pub": content, "a.crt": content, "b.pem": content})
		if bad := (*SecretError)(nil); (err == nil) == (len(keys) == 0) || err != nil && !errors.As(err, &bad) {
			t.Fatalf("%v, %v", keys, err)
		}
		if err != nil && len(content) > 12 && bytes.Contains([]byte(err.Error()), content) {
			t.Errorf("the error tells the content: %v", err)
		}
		for _, key := range keys {
			if len(key.Fingerprint) != len(ecdsaPrint) || !strings.HasPrefix(key.Fingerprint, "sha256:") {
				t.Errorf("%+v", key)
			}
		}
	})
}
