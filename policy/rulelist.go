package policy

import (
	"encoding/json"
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// compileRules finds the policy's rules and returns their parameters, completed by the defaults, by rule.
func (l *Library) compileRules(p *Policy, spec v1alpha1.SourcePolicySpec, found *problems) (map[string]map[string]any, error) {
	params := map[string]map[string]any{}
	for i, entry := range spec.Rules {
		at := fmt.Sprintf("spec.rules[%d]", i)
		r := l.rules[entry.Rule]
		switch {
		case entry.Rule == "":
			found.add(at+".rule", "is required")
			continue
		case r == nil:
			found.add(at+".rule", "unknown rule %q%s", entry.Rule, nearest(entry.Rule, l.names()))
			continue
		case params[entry.Rule] != nil:
			found.add(at+".rule", "%s stands twice in this policy: merge the entries into one", entry.Rule)
			continue
		}
		action := p.action
		if entry.Action != "" {
			action = Action(oneOfNames(found, at+".action", string(entry.Action), actions()))
		}
		checked, err := checkParams(r, at+".params", entry.Params, found)
		if err != nil {
			return nil, err
		}
		params[entry.Rule] = checked
		p.rules = append(p.rules, &policyRule{rule: r, action: action})
	}
	return params, nil
}

// checkParams asks the rule's schema, and then the rule. It returns the parameters with the defaults of those that are absent.
func checkParams(r *rule, at string, written *apiextensionsv1.JSON, found *problems) (map[string]any, error) {
	value := any(map[string]any{})
	if written != nil && len(written.Raw) > 0 {
		if err := json.Unmarshal(written.Raw, &value); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
	}
	wrong := r.schema.check(value)
	params, ok := value.(map[string]any)
	if ok {
		params = r.schema.complete(params)
		said, err := r.complain(params, wrong)
		if err != nil {
			return nil, err
		}
		wrong = said
	} else {
		params = map[string]any{}
	}
	// What is wrong with an entry goes first, or what is wrong with its list would hide it.
	slices.SortStableFunc(wrong, func(a, b paramProblem) int { return len(b.at) - len(a.at) })
	for _, w := range wrong {
		found.add(at+w.at, "%s", w.message)
	}
	return params, nil
}
