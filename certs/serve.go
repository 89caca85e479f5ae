package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Ensure does one round: Secret, bundle, leaf. Every error is one of infrastructure.
func (c *Certs) Ensure(ctx context.Context) error {
	stored, err := c.load(ctx)
	if err != nil {
		return fmt.Errorf("secret %s/%s: %w", c.options.Namespace, c.options.Secret, err)
	}
	for _, name := range c.options.Configurations {
		if err := c.publish(ctx, name, c.trust(stored)); err != nil {
			return fmt.Errorf("webhook configuration %s: %w", name, err)
		}
	}
	c.serve(stored)
	return nil
}

// trust gives the CAs of the Secret, and that of the leaf in use before all but the current one: whatever else the bundle
// has no room for, what this process serves stays trusted.
func (c *Certs) trust(stored *material) []*x509.Certificate {
	inUse := c.served.Load()
	if inUse == nil || !c.options.Now().Before(inUse.authority.NotAfter) {
		return stored.authorities
	}
	first := []*x509.Certificate{stored.authorities[0], inUse.authority}
	return union(union(nil, first), stored.authorities)
}

// serve takes the leaf into use, or leaves it for a later round where its CA has just been published and the leaf in use
// is still good.
func (c *Certs) serve(stored *material) {
	now := c.options.Now()
	current := stored.authorities[0]
	if c.arrival.authority == nil || !c.arrival.authority.Equal(current) {
		c.arrival.authority, c.arrival.at = current, now
	}
	inUse := c.served.Load()
	moves := inUse != nil && !inUse.authority.Equal(current) && now.Before(inUse.Leaf.NotAfter)
	if moves && now.Before(c.arrival.at.Add(c.options.Settle)) {
		return
	}
	c.served.Store(&leaf{stored.serving, current})
}

// GetCertificate is for tls.Config. It fails only before the first successful round.
func (c *Certs) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if served := c.served.Load(); served != nil {
		return &served.Certificate, nil
	}
	return nil, errors.New("no serving certificate yet")
}

// Ready says why the webhooks cannot be called yet; nil where they can.
func (c *Certs) Ready() error {
	served := c.served.Load()
	if served == nil {
		return errors.New("no serving certificate yet")
	}
	if now := c.options.Now(); now.After(served.Leaf.NotAfter) {
		return fmt.Errorf("the serving certificate expired at %s", served.Leaf.NotAfter.Format(time.RFC3339))
	}
	return nil
}

// Expiry is when the served certificate expires; the zero time where none is served yet.
func (c *Certs) Expiry() time.Time {
	if served := c.served.Load(); served != nil {
		return served.Leaf.NotAfter
	}
	return time.Time{}
}
