package notation

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"testing"

	"github.com/digitorus/pkcs7"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/tspclient-go"
	gocose "github.com/veraison/go-cose"
)

// withKey is a certificate of a key of RSA of that many bits, of which nobody has the other half.
func withKey(t *testing.T, bits int) []byte {
	t.Helper()
	issuer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus := new(big.Int).SetBit(big.NewInt(1), bits-1, 1)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &rsa.PublicKey{N: modulus, E: 65537}, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestEnvelopesAreReadOnlyIfTheirCertificatesAreAffordable(t *testing.T) {
	small, large := withKey(t, 8192), withKey(t, 8193)
	for sentence, test := range map[string]struct {
		chain [][]byte
		want  bool
	}{
		"the longest chain":          {slices.Repeat([][]byte{small}, 10), true},
		"a longer chain":             {slices.Repeat([][]byte{small}, 11), false},
		"a key that is too large":    {[][]byte{small, large}, false},
		"no certificate":             {nil, false},
		"a certificate that is none": {[][]byte{small, []byte("none")}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			var encoded []string
			unprotected := []any{}
			for _, der := range test.chain {
				encoded = append(encoded, base64.StdEncoding.EncodeToString(der))
				unprotected = append(unprotected, der)
			}
			inJWS, err := json.Marshal(map[string]any{"header": map[string]any{"x5c": encoded}})
			if err != nil {
				t.Fatal(err)
			}
			message := gocose.NewSign1Message()
			message.Payload, message.Signature = []byte("{}"), []byte("x")
			message.Headers.Unprotected[gocose.HeaderLabelX5Chain] = unprotected
			inCOSE, err := message.MarshalCBOR()
			if err != nil {
				t.Fatal(err)
			}
			for mediaType, envelope := range map[string][]byte{jws.MediaTypeEnvelope: inJWS, cose.MediaTypeEnvelope: inCOSE} {
				if got := affordableChain(mediaType, envelope); got != test.want {
					t.Errorf("%s: got %t, want %t", mediaType, got, test.want)
				}
			}
		})
	}
}

func TestTrustedKeysAreAffordable(t *testing.T) {
	if _, problem := readCertificates(map[string][]byte{"a.crt": withKey(t, 8192)}); problem != "" {
		t.Error(problem)
	}
	const want = `has under "a.crt" a key of more than 8192 bits; put the certificate of an authority there, or take the key out`
	if _, got := readCertificates(map[string][]byte{"a.crt": withKey(t, 8193)}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTimestampsAreReadOnlyIfTheirCertificatesAreAffordable: a timestamp stands outside what is signed.
func TestTimestampsAreReadOnlyIfTheirCertificatesAreAffordable(t *testing.T) {
	small, large := withKey(t, 8192), withKey(t, 8193)
	for sentence, test := range map[string]struct {
		token []byte
		want  bool
	}{
		"the most certificates":   {timestamp(t, 0, slices.Repeat([][]byte{small}, 10)...), true},
		"more certificates":       {timestamp(t, 0, slices.Repeat([][]byte{small}, 11)...), false},
		"a key that is too large": {timestamp(t, 0, small, large), false},
		"a signer":                {timestamp(t, 1), true},
		"two signers":             {timestamp(t, 2), false},
		"none":                    {nil, true},
		"one that is none":        {[]byte("none"), true},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := affordableTimestamp(test.token); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// timestamp is a token with those certificates, and so many signers that each bring one more.
func timestamp(t *testing.T, signers int, certificates ...[]byte) []byte {
	t.Helper()
	token, err := pkcs7.NewSignedData([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	token.SetContentType(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}) // id-ct-TSTInfo
	token.GetSignedData().Version = 3
	for _, der := range certificates {
		token.AddCertificate(certificate(t, der))
	}
	for range signers {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		if err := token.AddSigner(certificate(t, der), key, pkcs7.SignerInfoConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	der, err := token.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tspclient.ParseSignedToken(der); err != nil {
		t.Fatal(err)
	}
	return der
}

func certificate(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
