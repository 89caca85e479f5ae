package registries_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/test/distribution"
)

// push stores an artifact under a tag, for all registries but many.
func push(t *testing.T, repository, tag string) {
	t.Helper()
	pushTo(t, w.public, public, repository, tag)
}

func pushTo(t *testing.T, r *distribution.Registry, host, repository, tag string) string {
	t.Helper()
	digest := r.MustPush(t, host+"/"+repository, tag)
	w.artifacts[digest] = repository + ":" + tag
	return digest
}

// wantRequests compares what a registry was asked of a repository, but for what was pushed.
func wantRequests(t *testing.T, r *distribution.Registry, repository string, want ...string) {
	t.Helper()
	got := untilLogged(t, r, repository, func(all []string) bool { return len(all) >= len(want) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: requests (-want +got):\n%s", repository, diff)
	}
}

// untilLogged waits until the log of a registry has what is asked of it: a request is logged just after its answer.
func untilLogged(t *testing.T, r *distribution.Registry, repository string, has func(all []string) bool) []string {
	t.Helper()
	all := requests(t, r, repository)
	for deadline := time.Now().Add(time.Minute); !has(all) && time.Now().Before(deadline); all = requests(t, r, repository) {
		time.Sleep(20 * time.Millisecond)
	}
	return all
}

// requests are those for manifests and lists of tags that pull.
func requests(t *testing.T, r *distribution.Registry, repository string) []string {
	t.Helper()
	all, err := r.Requests("/v2/" + repository)
	if err != nil {
		t.Fatal(err)
	}
	var pulled []string
	for _, request := range all {
		if !strings.Contains(request.Path, "/blobs/") && slices.Contains([]string{"GET", "HEAD"}, request.Method) {
			pulled = append(pulled, request.String())
		}
	}
	return pulled
}
