package check

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/verify"
)

func TestKeysAmongTheFiles(t *testing.T) {
	public, err := os.ReadFile("../verify/testdata/ecdsa.pub")
	if err != nil {
		t.Fatal(err)
	}
	plain, encoded := fmt.Sprintf("%q", public), base64.StdEncoding.EncodeToString(public)
	secret := func(content string) string {
		return "{apiVersion: v1, kind: Secret, metadata: {name: keys, namespace: prod}, " + content + "}\n"
	}
	listed := []verify.Key{{Entry: "a.pub", Fingerprint: "sha256:b41318ed454e1d572296630b4da665d1e728e8d6a1cb3ac193aa47864cbac1d1"}}
	const noKey = `has under "a.pub" no public key in PEM`
	const notGiven = "the Secret is not given"
	for sentence, test := range map[string]struct {
		text     string
		provider string
		want     []verify.Key
		err      string
	}{
		"stringData":                     {text: secret("stringData: {a.pub: " + plain + "}"), want: listed},
		"data":                           {text: secret("data: {a.pub: " + encoded + "}"), want: listed},
		"the provider is cosign's":       {text: secret("data: {a.pub: " + encoded + "}"), provider: "cosign", want: listed},
		"stringData overrides data":      {text: secret("data: {a.pub: AAAA}, stringData: {a.pub: " + plain + "}"), want: listed},
		"keys of notation":               {text: secret("data: {a.pub: " + encoded + "}"), provider: "notation", err: "has nothing under a key that ends in .crt or .pem"},
		"private entries are not read":   {text: secret("data: {a.pub: " + encoded + ", a.key: '!', b: 5}"), want: listed},
		"without a namespace":            {text: strings.Replace(secret("data: {a.pub: "+encoded+"}"), ", namespace: prod", "", 1), want: listed},
		"in a list":                      {text: "{apiVersion: v1, kind: List, items: [" + secret("data: {a.pub: "+encoded+"}") + "]}", want: listed},
		"in a list of Secrets":           {text: "{apiVersion: v1, kind: SecretList, items: [{metadata: {name: keys, namespace: prod}, data: {a.pub: " + encoded + "}}]}", want: listed},
		"data that is not encoded":       {text: secret("data: {a.pub: " + plain + "}"), err: noKey},
		"stringData that is encoded":     {text: secret("stringData: {a.pub: " + encoded + "}"), err: noKey},
		"an entry of another type":       {text: secret("data: {a.pub: [1]}"), err: noKey},
		"an entry of null":               {text: secret("stringData: {a.pub: null}"), err: noKey},
		"data of another type":           {text: secret("data: []"), err: "has nothing under a key that ends in .pub"},
		"no Secret":                      {text: oci("prod", "a"), err: notGiven},
		"one of another namespace":       {text: strings.Replace(secret("data: {a.pub: "+encoded+"}"), "prod", "dev", 1), err: notGiven},
		"one of another kind":            {text: strings.Replace(secret("data: {a.pub: "+encoded+"}"), "v1", "example.com/v1", 1), err: notGiven},
		"one without a name":             {text: strings.Replace(secret("data: {a.pub: "+encoded+"}"), "name: keys, ", "", 1), err: notGiven},
		"an encrypted one":               {text: secret("data: {a.pub: 'ENC[AES256_GCM,data:AA]'}, sops: {version: 3.9.0}"), err: notGiven + ": it is encrypted"},
		"two of that name, one with key": {text: secret("data: {a.pub: "+encoded+"}") + "---\n" + secret("data: {}"), err: notGiven + ": it is in the files twice"},
	} {
		t.Run(sentence, func(t *testing.T) {
			inventory := Read(ReadOptions{Paths: []string{Stdin}, Stdin: strings.NewReader(test.text), Namespace: "prod"})
			if len(inventory.Unreadable) > 0 || len(inventory.judged)+inventory.Summary.OtherObjects == 0 {
				t.Fatalf("%v, %+v", inventory.Unreadable, inventory.Summary)
			}
			got, err := inventory.Keys(t.Context(), "prod", "keys", test.provider)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if said != test.err || errors.Is(err, gate.ErrNotGiven) != strings.HasPrefix(test.err, notGiven) {
				t.Errorf("error %q, want %q", said, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}
