package registry

import (
	"context"
	"fmt"
)

// Resolve implements Resolver. It returns as soon as ctx ends, as ClassTimeout; what was asked for goes on for others,
// and is remembered.
func (c *Client) Resolve(ctx context.Context, q Query) (Resolution, error) {
	resolution, by, err := c.resolve(ctx, q)
	c.options.Metrics.resolved(by, err)
	return resolution, err
}

func (c *Client) resolve(ctx context.Context, q Query) (Resolution, answeredBy, error) {
	p, err := newPlan(q)
	if err != nil {
		return Resolution{}, byNobody, err
	}
	login, err := c.login(ctx, q.Source)
	if err != nil {
		return Resolution{}, byNobody, err
	}
	key := p.key(login.ID)
	if kept, found := c.cache.get(key, q); found {
		resolution, err := kept.result(p)
		return resolution, byCache, err
	}
	if err := ctx.Err(); err != nil {
		return Resolution{}, byNobody, p.failure(err)
	}
	if wanted, found := c.pauses.standing(askerOf(p, login)); found {
		return Resolution{}, byNobody, wanted.failure(p, c.options.Now())
	}
	return c.join(ctx, q, key, p, login)
}

// join asks together with those who ask the same.
func (c *Client) join(ctx context.Context, q Query, key cacheKey, p *plan, login Login) (Resolution, answeredBy, error) {
	// A fresh query joins only fresh ones, a young one young ones: the flight of another may end with what the cache says.
	// None joins that of another namespace, which waits for that namespace's turn.
	flight := c.flights.DoChan(fmt.Sprintf("%x %t %t %s", key, q.Fresh, q.Young, q.Source.Namespace), func() (any, error) {
		// Another flight may have landed since this caller looked.
		if kept, found := c.cache.get(key, q); found {
			return kept, nil
		}
		found := c.fly(context.WithoutCancel(ctx), p, login)
		if !found.unasked {
			c.cache.put(key, found)
		}
		return found, nil
	})
	select {
	case landed := <-flight:
		found, by := landed.Val.(answer), byRegistry
		if found.unasked {
			by = byNobody
		}
		resolution, err := found.result(p)
		return resolution, by, err
	case <-ctx.Done():
		return Resolution{}, byRegistry, p.failure(ctx.Err())
	}
}
