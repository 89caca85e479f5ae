package certs

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var errNoConfiguration = errors.New("neither a mutating nor a validating one exists; apply Fluxgate's manifests")

// publish puts the union of authorities and what is there into every webhook of the configurations called name.
func (c *Certs) publish(ctx context.Context, name string, authorities []*x509.Certificate) error {
	found := 0
	for _, empty := range []func() configuration{newMutating, newValidating} {
		err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
			return c.publishOne(ctx, name, empty(), authorities)
		})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		found++
	}
	if found == 0 {
		return errNoConfiguration
	}
	return nil
}

// publishOne writes nothing where the bundle is there already. The patch names the webhooks and their caBundle only, so
// that whoever owns the rest of the configuration keeps it, and carries the resourceVersion, so that a union is never
// computed from an old state.
func (c *Certs) publishOne(ctx context.Context, name string, live configuration, authorities []*x509.Certificate) error {
	if err := c.options.Client.Get(ctx, client.ObjectKey{Name: name}, live.object); err != nil {
		return err
	}
	before, ok := live.object.DeepCopyObject().(client.Object)
	if !ok {
		return errors.New("not an object")
	}
	changed := false
	for _, webhook := range live.webhooks() {
		bundle := encodeBundle(union(authorities, parseBundle(webhook.CABundle, c.options.Now())))
		if !bytes.Equal(bundle, webhook.CABundle) {
			webhook.CABundle, changed = bundle, true
		}
	}
	if !changed {
		return nil
	}
	patch := client.StrategicMergeFrom(before, client.MergeFromWithOptimisticLock{})
	return c.options.Client.Patch(ctx, live.object, patch)
}

// configuration gives the two kinds of webhook configuration one shape.
type configuration struct {
	object   client.Object
	webhooks func() []*admissionregistrationv1.WebhookClientConfig
}

func newMutating() configuration {
	object := &admissionregistrationv1.MutatingWebhookConfiguration{}
	return configuration{object, func() (all []*admissionregistrationv1.WebhookClientConfig) {
		for i := range object.Webhooks {
			all = append(all, &object.Webhooks[i].ClientConfig)
		}
		return all
	}}
}

func newValidating() configuration {
	object := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	return configuration{object, func() (all []*admissionregistrationv1.WebhookClientConfig) {
		for i := range object.Webhooks {
			all = append(all, &object.Webhooks[i].ClientConfig)
		}
		return all
	}}
}
