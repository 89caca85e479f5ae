package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

func TestFluxgateMayDoNoMoreThanItSays(t *testing.T) {
	role, clusterRole := only[*rbacv1.Role](t), named[*rbacv1.ClusterRole](t, "fluxgate")
	for _, rule := range append(role.Rules, clusterRole.Rules...) {
		for _, all := range [][]string{rule.Verbs, rule.Resources, rule.APIGroups} {
			if slices.Contains(all, rbacv1.ResourceAll) {
				t.Errorf("a wildcard: %v", rule)
			}
		}
	}
	var writes []string
	for _, rule := range clusterRole.Rules {
		if slices.Contains(rule.Resources, "secrets") && !slices.Equal(rule.Verbs, []string{"get"}) {
			t.Errorf("Secrets of the whole cluster: %q", rule.Verbs)
		}
		for _, verb := range rule.Verbs {
			if slices.Contains([]string{"get", "list", "watch"}, verb) {
				continue
			}
			for _, resource := range rule.Resources {
				writes = append(writes, strings.TrimSpace(verb+" "+resource+" "+strings.Join(rule.ResourceNames, " ")))
			}
		}
	}
	slices.Sort(writes)
	want := []string{
		"create subjectaccessreviews",
		"patch mutatingwebhookconfigurations fluxgate", "patch policyexceptions/status", "patch sourcepolicies/status",
		"patch validatingwebhookconfigurations fluxgate",
		"update policyexceptions/status", "update sourcepolicies/status",
	}
	if diff := cmp.Diff(want, writes); diff != "" {
		t.Errorf("writes in the whole cluster (-want +got):\n%s", diff)
	}
	for _, rule := range role.Rules {
		own := slices.Equal(rule.ResourceNames, []string{"fluxgate-tls"})
		if !own && !slices.Equal(rule.Verbs, []string{"create"}) {
			t.Errorf("more than its own Secret: %v", rule)
		}
	}
}

// TestNobodyMayPassAPolicyUnlessTheAdministratorSaysSo: of the roles for people only the one that reads is part of another
// role, and none grants bypass, a status or the writing of policies.
func TestNobodyMayPassAPolicyUnlessTheAdministratorSaysSo(t *testing.T) {
	reads := []string{"get", "list", "watch"}
	for name, want := range map[string]struct {
		labels map[string]string
		rules  []rbacv1.PolicyRule
	}{
		"fluxgate-view": {
			map[string]string{"rbac.authorization.k8s.io/aggregate-to-view": "true"},
			[]rbacv1.PolicyRule{{
				APIGroups: []string{"fluxgate.dev"}, Resources: []string{"sourcepolicies", "policyexceptions"}, Verbs: reads,
			}},
		},
		"fluxgate-exceptions-edit": {
			map[string]string{},
			[]rbacv1.PolicyRule{{
				APIGroups: []string{"fluxgate.dev"}, Resources: []string{"policyexceptions"},
				Verbs: append(slices.Clone(reads), "create", "update", "patch", "delete"),
			}},
		},
	} {
		role := named[*rbacv1.ClusterRole](t, name)
		labels := map[string]string{}
		for key, value := range role.Labels {
			if strings.HasPrefix(key, "rbac.authorization.k8s.io/") {
				labels[key] = value
			}
		}
		if diff := cmp.Diff(want.labels, labels); diff != "" {
			t.Errorf("%s: labels (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(want.rules, role.Rules); diff != "" {
			t.Errorf("%s: rules (-want +got):\n%s", name, diff)
		}
	}
}
