package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	sequential  = 4000 // reviews of each case
	warmUp      = 200
	connections = 16
	window      = 3 * time.Second
)

// latencies are the round trips of one case, sorted.
type latencies struct {
	name  string
	bytes int
	times []time.Duration
}

func (l latencies) at(quantile float64) time.Duration {
	return l.times[int(quantile*float64(len(l.times)-1))]
}

// cold sends an object as it is created to both webhooks, and returns what the registry was asked for: its greeting, and one
// HEAD. Where its signature is verified, that takes a greeting and three requests more. Anything else is an error.
func (s *server) cold(ctx context.Context) ([]string, error) {
	for _, c := range []testCase{
		{name: "mutate, cold", path: "/mutate", body: s.unpinned()}, {name: "validate, cold", path: "/validate", body: s.pinned()},
		{name: "validate, verified, cold", path: "/validate", body: review(signing, stored{namespace: signing, digest: s.digest}.json(), "null")},
	} {
		if err := s.call(ctx, c); err != nil {
			return nil, err
		}
	}
	var asked []string
	for _, req := range s.registry.Requests() {
		asked = append(asked, req.Method+" https://"+req.Host+req.Path)
	}
	want := []string{"GET https://ghcr.io/v2/", "HEAD https://ghcr.io/v2/" + repository + "/manifests/v1.0.0", "GET https://ghcr.io/v2/"}
	if len(asked) != len(want)+3 || !slices.Equal(asked[:len(want)], want) {
		return nil, fmt.Errorf("cold: the registry was asked for %q, want %q", asked, want)
	}
	return asked, nil
}

// takeTurns calls the cases one after the other, so that a disturbance of the machine meets all of them.
func (s *server) takeTurns(ctx context.Context, cases []testCase) ([]latencies, error) {
	results := make([]latencies, len(cases))
	for i, c := range cases {
		results[i] = latencies{name: c.name, bytes: len(c.body)}
	}
	for round := range sequential + warmUp {
		for i, c := range cases {
			c := c.vary(round)
			start := time.Now()
			if err := s.call(ctx, c); err != nil {
				return nil, err
			}
			if round >= warmUp {
				results[i].times = append(results[i].times, time.Since(start))
			}
		}
	}
	for i := range results {
		slices.Sort(results[i].times)
	}
	return results, nil
}

// call fails where the answer is not an allow: a wrong answer is fast.
func (s *server) call(ctx context.Context, c testCase) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+c.path+"?timeout=10s", bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"allowed":true`)) {
		return fmt.Errorf("%s: %s: %s", c.name, resp.Status, body)
	}
	return nil
}

// throughput counts the answers in a window of time.
func (s *server) throughput(ctx context.Context, c testCase) (perSecond float64, err error) {
	group, ctx := errgroup.WithContext(ctx)
	counts := make([]int, connections)
	start := time.Now()
	for worker := range connections {
		group.Go(func() error {
			for time.Since(start) < window {
				if err := s.call(ctx, c.vary(worker<<32|counts[worker])); err != nil {
					return err
				}
				counts[worker]++
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(start).Seconds(), nil
}

// printLatencies shows each case beside the last no-op before it.
func printLatencies(w io.Writer, all []latencies) error {
	table := tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "case\tbytes\tp50\tp99\tp50/no-op\tp99/no-op\t")
	var base latencies
	for _, l := range all {
		if strings.HasPrefix(l.name, "no-op") {
			base = l
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%.2f\t%.2f\t\n", l.name, l.bytes,
			l.at(0.5).Round(time.Microsecond), l.at(0.99).Round(time.Microsecond),
			float64(l.at(0.5))/float64(base.at(0.5)), float64(l.at(0.99))/float64(base.at(0.99)))
	}
	return table.Flush()
}
