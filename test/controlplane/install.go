package controlplane

import (
	"context"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Manifests builds the kustomization in dir, as `kubectl apply -k` does.
func Manifests(dir string) ([]*unstructured.Unstructured, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, fmt.Errorf("kustomization %s: %w", dir, err)
	}
	objects := make([]*unstructured.Unstructured, 0, built.Size())
	for _, resource := range built.Resources() {
		object := &unstructured.Unstructured{}
		content, err := resource.MarshalJSON()
		if err == nil {
			err = object.UnmarshalJSON(content)
		}
		if err != nil {
			return nil, fmt.Errorf("kustomization %s: %s: %w", dir, resource.CurId(), err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// Install applies the kustomization in dir, changed in one thing: its webhooks are called at the base URL address
// ("https://127.0.0.1:9443"), for there are no Services to route to. The Deployment is stored and nothing runs it.
// The API server acts on new roles and webhooks a moment later.
func (c *ControlPlane) Install(ctx context.Context, dir, address string) error {
	objects, err := Manifests(dir)
	if err != nil {
		return err
	}
	return c.Apply(ctx, AtAddress(objects, address)...)
}

// Apply applies objects by server-side apply, as the administrator. It returns when the kinds of CRDs among them are served.
func (c *ControlPlane) Apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
	admin, err := client.New(c.Config, client.Options{})
	if err != nil {
		return err
	}
	for _, object := range objects {
		err := admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("controlplane"), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return waitForKinds(c.Config, objects)
}

// waitForKinds returns when the API server serves what the CRDs among objects define.
func waitForKinds(config *rest.Config, objects []*unstructured.Unstructured) error {
	var crds []*apiextensionsv1.CustomResourceDefinition
	for _, object := range objects {
		if object.GetKind() != "CustomResourceDefinition" {
			continue
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, crd); err != nil {
			return fmt.Errorf("%s: %w", object.GetName(), err)
		}
		crds = append(crds, crd)
	}
	return envtest.WaitForCRDs(config, crds, envtest.CRDInstallOptions{MaxTime: 30 * time.Second, PollInterval: 50 * time.Millisecond})
}

// AtAddress makes the webhooks among objects be called at address, each at its own path, instead of through a Service.
func AtAddress(objects []*unstructured.Unstructured, address string) []*unstructured.Unstructured {
	for _, object := range objects {
		webhooks, _ := object.Object["webhooks"].([]any)
		for _, webhook := range webhooks {
			entry, _ := webhook.(map[string]any)
			clientConfig, _ := entry["clientConfig"].(map[string]any)
			service, _ := clientConfig["service"].(map[string]any)
			if service == nil {
				continue
			}
			path, _ := service["path"].(string)
			delete(clientConfig, "service")
			clientConfig["url"] = address + path
		}
	}
	return objects
}
