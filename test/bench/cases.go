package main

import (
	"bytes"
	"fmt"
)

// policies have all rules of the library, but for those about signatures: one pins, the other leaves tags alone. The third pins
// and has those as well, with a demand beside them.
func (s *server) policies() []byte {
	const pinned = `
    - rule: require-digest
    - rule: digest-matches-ref`
	signed := pinned + `
    - rule: signature-verified
    - rule: signed-by
      params: {keys: ["` + s.key.Fingerprint + `"]}
  signatures:
    - name: release
      repositories: ["ghcr.io/acme/**"]
      keys: [` + fmt.Sprintf("%q", s.publicKey) + `]`
	return []byte(s.sourcePolicy("pinned", "OnChange", pinned) + "\n---\n" + s.sourcePolicy("free", "Never", "") +
		"\n---\n" + s.sourcePolicy("signed", "OnChange", signed))
}

func (s *server) sourcePolicy(name, pins, furtherRules string) string {
	return `apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: ` + name + `}
spec:
  match: {namespaces: ["` + name + `-*"]}
  pin: {tags: ` + pins + `, latest: ` + pins + `, semver: Never}
  rules:
    - rule: registry-allowlist
      params: {allow: ["ghcr.io/acme/**", "registry.example.com/team-*/**"]}
    - rule: canonical-url
    - rule: require-verify
    - rule: forbid-insecure
    - rule: forbid-tags
      params: {tags: [latest, "*-rc*"]}
    - rule: allowed-source-kinds
    - rule: forbid-cross-namespace
    - rule: forbid-transport-overrides
    - rule: require-chart-ref
    - rule: require-service-account
    - rule: require-workload-identity
    - rule: interval-bounds
      params: {min: 1m, max: 24h}
    - rule: semver-bounds
    - rule: verify-identity
      params: {keys: ["` + s.key.Fingerprint + `"]}` + furtherRules
}

// testCase is one kind of call.
type testCase struct {
	name, path string
	body       []byte
	// unseen gives each call an object of another name, so that nothing is remembered of it.
	unseen bool
}

// vary returns the case as it is for call n.
func (c testCase) vary(n int) testCase {
	if c.unseen {
		c.body = bytes.ReplaceAll(c.body, []byte(`"name":"podinfo"`), fmt.Appendf(nil, `"name":"podinfo-%d"`, n))
	}
	return c
}

// cases are the calls, each beside the no-op that gets the same body. Nothing of them is asked of the registry.
func (s *server) cases() []testCase {
	pinned, free := stored{namespace: pinning, digest: s.digest}, stored{namespace: leaving}
	unchanged := review(pinning, pinned.with(`"finalizers":["finalizers.fluxcd.io"],`), pinned.json())
	labelled, created := review(pinning, pinned.with(team), pinned.json()), s.pinned()
	verified := stored{namespace: signing, digest: s.digest}
	verifiedLabelled, verifiedCreated := review(signing, verified.with(team), verified.json()), review(signing, verified.json(), "null")
	freeLabelled, freeCreated := review(leaving, free.with(team), free.json()), review(leaving, free.json(), "null")
	return []testCase{
		{name: "no-op, update", path: "/noop", body: labelled},
		{name: "validate, update of an unchanged spec", path: "/validate", body: unchanged},
		{name: "validate, pinned, update, all rules", path: "/validate", body: labelled},
		{name: "validate, pinned and verified, update", path: "/validate", body: verifiedLabelled},
		{name: "validate, the same, object never seen before", path: "/validate", body: labelled, unseen: true},
		{name: "mutate, update of an unchanged spec", path: "/mutate", body: unchanged},
		{name: "mutate, pinned, update", path: "/mutate", body: labelled},
		{name: "no-op, create", path: "/noop", body: created},
		{name: "validate, pinned, create, all rules", path: "/validate", body: created},
		{name: "validate, pinned and verified, create", path: "/validate", body: verifiedCreated},
		{name: "validate, the same, object never seen before", path: "/validate", body: created, unseen: true},
		{name: "mutate, pinned, create", path: "/mutate", body: created},
		{name: "mutate, create, to be pinned, answer known", path: "/mutate", body: s.unpinned()},
		{name: "no-op, update, no pin", path: "/noop", body: freeLabelled},
		{name: "validate, no pin, update", path: "/validate", body: freeLabelled},
		{name: "mutate, no pin, update", path: "/mutate", body: freeLabelled},
		{name: "no-op, create, no pin", path: "/noop", body: freeCreated},
		{name: "validate, no pin, create", path: "/validate", body: freeCreated},
		{name: "mutate, no pin, create", path: "/mutate", body: freeCreated},
	}
}

// unpinned creates an object whose tag is to be resolved, and pinned the same as it then is.
func (s *server) unpinned() []byte {
	return review(pinning, stored{namespace: pinning}.json(), "null")
}

func (s *server) pinned() []byte {
	return review(pinning, stored{namespace: pinning, digest: s.digest}.json(), "null")
}
