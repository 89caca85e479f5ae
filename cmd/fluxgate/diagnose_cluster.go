package main

import (
	"context"
	"fmt"
	"strings"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/cloud"
	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/flux"
)

// parseObject reads KIND/NAMESPACE/NAME. named is false for what can only be a file; ./KIND/NAMESPACE/NAME is one too.
func parseObject(argument string) (key flux.Key, named bool, err error) {
	kind, rest, _ := strings.Cut(argument, "/")
	kinds := map[string]string{sourcev1.OCIRepositoryKind: flux.SourceGroup, helmv2.HelmReleaseKind: flux.HelmGroup}
	for known, group := range kinds {
		if !strings.EqualFold(kind, known) {
			continue
		}
		namespace, name, found := strings.Cut(rest, "/")
		if !found || namespace == "" || name == "" || strings.Contains(name, "/") {
			return flux.Key{}, false, fmt.Errorf("%q names no object: write %s/NAMESPACE/NAME; for a file of that name, ./%[1]s", argument, known)
		}
		key = flux.Key{Group: group, Kind: known}
		key.Namespace, key.Name = namespace, name
		return key, true, nil
	}
	for _, other := range []string{
		sourcev1.HelmRepositoryKind, sourcev1.HelmChartKind, sourcev1.GitRepositoryKind, sourcev1.BucketKind, "Kustomization",
	} {
		if strings.EqualFold(kind, other) && strings.Count(argument, "/") == 2 {
			return flux.Key{}, false, fmt.Errorf("%s is not walked: name an OCIRepository, or a HelmRelease whose chartRef leads to one; for a file of that name, ./%s",
				other, argument)
		}
	}
	return flux.Key{}, false, nil
}

// inCluster reads an object, and through the chartRef of a HelmRelease the OCIRepository that it refers to.
func (f *diagnoseFlags) inCluster(ctx context.Context, key flux.Key) (patient, error) {
	live, err := f.client()
	if err != nil {
		return patient{}, err
	}
	lookup := cluster.Lookup{Cache: live, Live: live, Mapper: live.RESTMapper()}
	found := patient{logins: diagnose.Logins{
		Secrets:         cluster.Secrets{Live: live},
		ServiceAccounts: cluster.ServiceAccounts{Live: live},
		Cloud:           cloud.New(cloud.Options{Tokens: cluster.Tokens{Live: live}, Timeout: f.timeout}),
	}}
	object, err := get(ctx, lookup, key)
	if err == nil && key.Kind == helmv2.HelmReleaseKind {
		found.referrer = key.Kind + " " + key.String()
		if key, err = chartRefOf(object); err == nil {
			object, err = get(ctx, lookup, key)
		}
	}
	if err != nil {
		return patient{}, err
	}
	found.repositories = []*unstructured.Unstructured{object}
	return found, nil
}

func get(ctx context.Context, lookup flux.Lookup, key flux.Key) (*unstructured.Unstructured, error) {
	object, err := lookup.Lookup(ctx, key)
	if err == nil && object == nil {
		err = inputError{fmt.Errorf("%s %s/%s does not exist in the cluster", key.Kind, flux.Plain(key.Namespace), flux.Plain(key.Name))}
	}
	return object, err
}

// chartRefOf is the OCIRepository that a HelmRelease refers to.
func chartRefOf(release *unstructured.Unstructured) (flux.Key, error) {
	for _, key := range flux.References(release) {
		ref, _, _ := unstructured.NestedString(release.Object, "spec", "chartRef", "kind") // another type is another kind
		if key.Kind == sourcev1.OCIRepositoryKind && ref == key.Kind {
			return key, nil
		}
	}
	return flux.Key{}, inputError{fmt.Errorf(
		"HelmRelease %s/%s has no chartRef to an OCIRepository; one with a chart of a HelmRepository is not walked",
		release.GetNamespace(), release.GetName())}
}

// client reaches the API server as kubectl does.
func (f *diagnoseFlags) client() (client.Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: f.context}).ClientConfig()
	if err != nil {
		return nil, inputError{fmt.Errorf("no way to the API server: %w; use --kubeconfig", err)}
	}
	config.Timeout = f.timeout
	config.WarningHandler = rest.NoWarnings{}
	live, err := client.New(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("API server %s: %w", config.Host, err)
	}
	return live, nil
}
