package policy

import (
	"encoding/json"
	"strings"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/verify"
)

// The kind of sigstore's policy-controller, of whatever version its library reads.
const (
	imagePolicyGroup = "policy.sigstore.dev/"
	imagePolicyKind  = "ClusterImagePolicy"
)

func isImagePolicy(object map[string]any) bool {
	version, _ := object["apiVersion"].(string)
	return object["kind"] == imagePolicyKind && strings.HasPrefix(version, imagePolicyGroup)
}

// compileImagePolicies reads the ClusterImagePolicies of files, and gathers what is wrong with them.
func (l *Library) compileImagePolicies(read *documents) []verify.ImagePolicy {
	var all []verify.ImagePolicy
	known := map[string]bool{}
	for _, d := range read.imagePolicies {
		p, err := l.imagePolicy(d.object)
		switch {
		case err != nil:
			d.problems.add("", "%v", err)
		case known[p.Name()]:
			d.problems.add("metadata.name", "a ClusterImagePolicy %s was read before: rename one or remove it", p.Name())
		default:
			known[p.Name()] = true
			all = append(all, p)
		}
		read.wrong = append(read.wrong, d.all...)
	}
	return all
}

func (l *Library) imagePolicy(object map[string]any) (verify.ImagePolicy, error) {
	if l.Sigstore == nil {
		return nil, errNoSigstore
	}
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return l.Sigstore.ImagePolicy(text)
}

// imagePolicies makes a demand of the ClusterImagePolicies that it writes or names.
func (l *Library) imagePolicies(at string, written v1alpha1.ImagePolicies, found *problems) verify.Demand {
	demand := verify.Demand{ImagePolicyNames: written.Names}
	if len(written.Names)+len(written.Inline) == 0 {
		found.add(at, "names no policy: set names or inline")
	}
	for i, document := range written.Inline {
		var object map[string]any
		if err := json.Unmarshal(document.Raw, &object); err != nil {
			found.add(indexed(at+".inline", i), "%v", err)
			continue
		}
		p, err := l.imagePolicy(object)
		if err != nil {
			found.add(indexed(at+".inline", i), "%v", err)
			continue
		}
		demand.ImagePolicies = append(demand.ImagePolicies, p)
	}
	return demand
}
