package registry

import "context"

// turn is something that a query waits for.
type turn struct {
	limiter *limiter
	name    string
}

// turns are what a query waits for, in order: first its namespace's own, so that while a tenant waits for itself it holds
// nothing that others wait for.
func (c *Client) turns(p *plan) []turn { return append(c.ownTurns(p), c.commonTurns(p)...) }

// ownTurns are those that the namespace gives itself.
func (c *Client) ownTurns(p *plan) []turn {
	var turns []turn
	if p.versions != nil {
		turns = append(turns, turn{c.lists, p.source.Namespace})
	}
	return append(turns, turn{c.namespaces, p.source.Namespace})
}

// commonTurns are those that all namespaces share.
func (c *Client) commonTurns(p *plan) []turn {
	return []turn{{c.hosts, p.repository.RegistryStr()}, {c.total, ""}}
}

// wait returns when all turns have come, with how to give them back, or the error of a context whose time is up.
func (c *Client) wait(ctx context.Context, turns []turn) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.ResolveTimeout)
	defer cancel()
	var releases []func()
	release = func() {
		for _, giveBack := range releases {
			giveBack()
		}
	}
	for _, turn := range turns {
		giveBack, err := turn.limiter.acquire(ctx, turn.name)
		if err != nil {
			release()
			return nil, err
		}
		releases = append(releases, giveBack)
	}
	return release, nil
}
