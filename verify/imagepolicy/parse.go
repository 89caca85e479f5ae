package imagepolicy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sigstore/policy-controller/pkg/apis/config"
	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	pcconfig "github.com/sigstore/policy-controller/pkg/config"
	webhookcip "github.com/sigstore/policy-controller/pkg/webhook/clusterimagepolicy"
	"knative.dev/pkg/apis"

	"github.com/fluxgate/fluxgate/verify"
)

// maxRunning bounds how many verifications of one policy run at once. A Rego or CUE policy cannot be stopped: one that never
// ends holds its place for ever, and when all are held the policy's verdict is an infrastructure error.
const maxRunning = 16

// Policy is one ClusterImagePolicy, ready to judge. It is safe for concurrent use.
type Policy struct {
	name         string
	id           string
	compiled     webhookcip.ClusterImagePolicy
	fingerprints []string                  // of the keys of the authorities; empty for those without
	demanded     []string                  // authorities that must have passed, by a CUE policy
	matching     *config.ImagePolicyConfig // holds this policy alone
	running      chan struct{}
}

var _ verify.ImagePolicy = (*Policy)(nil)

// Parse reads one ClusterImagePolicy (policy.sigstore.dev/v1alpha1 or v1beta1) in YAML or JSON, strictly, and puts the keys of
// Secrets into it. Without secrets, a policy that names one is invalid. An *InvalidError lists all that is wrong; every other
// error is one of infrastructure: a Secret could not be read.
func Parse(ctx context.Context, document []byte, secrets SecretReader) (*Policy, error) {
	found := &problems{}
	object := decode(document, found)
	if object == nil {
		return nil, found.err("")
	}
	refuse(object, found)
	fingerprints, wanting, err := inline(ctx, object, secrets, found)
	if err != nil {
		return nil, fmt.Errorf("ClusterImagePolicy %s: %w", object.Name, err)
	}
	object.SetDefaults(ctx)
	validate(ctx, object, wanting, found)
	if err := found.err(object.Name); err != nil {
		return nil, err
	}
	return compile(object, fingerprints)
}

// validate adds what the library's webhook finds wrong, but for keys that have been found wanting already.
func validate(ctx context.Context, object *v1alpha1.ClusterImagePolicy, wanting []string, found *problems) {
	// What the context says must not weaken this: a policy without authorities would admit everything.
	ctx = pcconfig.ToContext(ctx, &pcconfig.PolicyControllerConfig{FailOnEmptyAuthorities: true})
	for _, problem := range object.Validate(ctx).Filter(apis.ErrorLevel).WrappedErrors() {
		path := pathOf(problem)
		told := func(key string) bool {
			return strings.HasPrefix(path, key) && !strings.HasSuffix(path, ".hashAlgorithm")
		}
		if slices.ContainsFunc(wanting, told) {
			continue
		}
		text := problem.Message
		if problem.Details != "" {
			text += " (" + problem.Details + ")"
		}
		found.add(path, "%s", text)
	}
}

// pathOf mends the paths of what is wrong with spec.policy, which the library reports as if it stood in spec.
func pathOf(problem *apis.FieldError) string {
	paths := slices.Clone(problem.Paths)
	for i, path := range paths {
		if field, _ := strings.CutPrefix(path, "spec."); slices.Contains([]string{"type", "data", "configMapRef", "remote"}, strings.SplitN(field, ".", 2)[0]) {
			paths[i] = "spec.policy." + field
		}
	}
	return strings.Join(paths, ", ")
}

// compile converts a policy to the form that the library judges by.
func compile(object *v1alpha1.ClusterImagePolicy, fingerprints []string) (*Policy, error) {
	content, err := json.Marshal(webhookcip.ConvertClusterImagePolicyV1alpha1ToWebhook(object))
	if err != nil {
		return nil, fmt.Errorf("encode ClusterImagePolicy %s: %w", object.Name, err)
	}
	policy := &Policy{name: object.Name, fingerprints: fingerprints, running: make(chan struct{}, maxRunning)}
	// The library sets keys and options of sources when it decodes.
	if err := json.Unmarshal(content, &policy.compiled); err != nil {
		return nil, &InvalidError{Name: object.Name, Problems: []Problem{{Path: "spec", Text: fmt.Sprintf("cannot be converted: %s", err)}}}
	}
	policy.compiled.UID, policy.compiled.ResourceVersion = "", ""
	if policy.id, err = identify(object.Name, &policy.compiled); err != nil {
		return nil, err
	}
	policy.demanded = demandedBy(policy.compiled.Policy, policy.compiled.Authorities)
	for i := range policy.compiled.Authorities {
		useGivenRoot(&policy.compiled.Authorities[i])
	}
	policy.matching = &config.ImagePolicyConfig{Policies: map[string]webhookcip.ClusterImagePolicy{object.Name: policy.compiled}}
	return policy, nil
}

// identify hashes the policy as the library reads it, with the content of its keys, and without what the API server counts.
func identify(name string, compiled *webhookcip.ClusterImagePolicy) (string, error) {
	content, err := json.Marshal(struct {
		Name   string
		Policy *webhookcip.ClusterImagePolicy
	}{name, compiled})
	if err != nil {
		return "", fmt.Errorf("encode ClusterImagePolicy %s: %w", name, err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}

// Name is that of the object.
func (p *Policy) Name() string { return p.name }

// ID is a SHA-256 in hexadecimal of everything that decides the policy's verdict, its keys and name among it.
func (p *Policy) ID() string { return p.id }
