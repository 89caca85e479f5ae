package registries_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pages is how many of a thousand tags the list has: what go-containerregistry asks for at once.
const pages = 4

// releases fills a repository with so many tags that they are listed in pages. Thousands of 1.N.0 name one artifact; those
// that a range should find have one of their own.
func releases(t *testing.T, repository string) {
	t.Helper()
	first := pushTo(t, w.many, many, repository, "1.0.0")
	var tags []string
	for minor := 1; len(tags) < 1000*(pages-1)+500; minor++ {
		tags = append(tags, fmt.Sprintf("1.%d.0", minor))
	}
	if err := w.many.PushTags(t.Context(), many+"/"+repository, first, tags); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{
		"1.9999.0", "1.77.0", "1.77.1-rc.1", "2.0.0", "2.1.0-alpha.2", "2.1.0-alpha.10", "v3.0.0", "3.0.1-rc.1", "v3.0.1-rc.2",
		"main-20260101", "latest", "5.0", "sha-0123abc", "6.0.0-nightly.20260101", "7.1.0-eu", "7.2.0-us",
	} {
		pushTo(t, w.many, many, repository, tag)
	}
	for _, version := range []string{"4.0.0+build.5", "4.0.1-rc.1+build.6"} {
		digest, err := w.many.PushChart(many+"/"+repository, "releases", version)
		if err != nil {
			t.Fatal(err)
		}
		w.artifacts[digest] = repository + ":" + strings.ReplaceAll(version, "+", "_")
	}
}

// TestWhichVersionARangeNames is what source-controller's getTagBySemver selects (internal/controller,
// ocirepository_controller.go), over all pages of the list.
func TestWhichVersionARangeNames(t *testing.T) {
	const repository = "acme/releases"
	releases(t, repository)
	team, flux := newTenant(t, "versions"), newTenant(t, "flux-versions")
	charts := spec{"layerSelector": spec{"mediaType": helmLayer, "operation": "copy"}}
	const none = "no-version: no tag satisfies ref.semver and ref.semverFilter"
	cases := map[string]struct {
		semver, filter string
		more           spec
		want           string // a tag, or what its author reads
	}{
		"the highest by number, not by letter":           {"1.x", "", nil, "1.9999.0"},
		"one of many":                                    {"~1.77.0", "", nil, "1.77.0"},
		"one of many, from a filter":                     {"1.x", `^1\.7[0-7]\.0$`, nil, "1.77.0"},
		"without pre-releases":                           {">=2.0.0", "^[12]", nil, "2.0.0"},
		"with pre-releases, by their numbers":            {">=2.0.0-0 <3.0.0-0", "", nil, "2.1.0-alpha.10"},
		"pre-releases of one filter":                     {">=7.0.0-0", "-eu$", nil, "7.1.0-eu"},
		"a pre-release that is an exact version":         {"6.0.0-nightly.20260101", "", nil, "6.0.0-nightly.20260101"},
		"with a v before it":                             {"3.x", "", nil, "v3.0.0"},
		"a pre-release with a v before it":               {">=3.0.0-0 <4.0.0-0", "", nil, "v3.0.1-rc.2"},
		"build metadata, written with _":                 {"4.x", "", charts, "4.0.0_build.5"},
		"build metadata of a pre-release":                {">=4.0.0-0 <5.0.0-0", "", charts, "4.0.1-rc.1_build.6"},
		"build metadata of what is no chart":             {"4.x", "", nil, none},
		"two numbers are no version":                     {"5.x", "", nil, none},
		"a filter that leaves nothing":                   {"1.x", "^none$", nil, none},
		"a filter sees the tag before it is read":        {"4.x", "_build", charts, "4.0.0_build.5"},
		"a filter does not see the + that it stands for": {"4.x", `\+build`, charts, none},
	}
	got, want, mores := map[string]string{}, map[string]string{}, map[string]spec{}
	for name, c := range cases {
		ranged := spec{"semver": c.semver}
		if c.filter != "" {
			ranged["semverFilter"] = c.filter
		}
		mores[name] = with(c.more, "ref", ranged)
		got[name], want[name] = team.apply(t, many+"/"+repository, mores[name]), "pinned to "+repository+":"+c.want
		if c.want == none {
			_, got[name], _ = strings.Cut(got[name], `"): `) // what comes before is the range
			want[name] = none
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was pinned (-want +got):\n%s", diff)
	}
	lists := 0
	untilLogged(t, w.many, repository, func(all []string) bool {
		lists = 0
		for _, request := range all {
			if strings.HasPrefix(request, "GET /v2/"+repository+"/tags/list?") {
				lists++
			}
		}
		return lists >= pages*len(cases)
	})
	t.Logf("%d ranges took %d requests for pages of tags", len(cases), lists)
	if lists < pages*len(cases) {
		t.Errorf("the tags were listed in %d requests, want %d for each of %d ranges", lists, pages, len(cases))
	}
	pulls := map[string]func() string{}
	for name, more := range mores {
		_, pulls[name] = flux.leave(t, many+"/"+repository, more)
	}
	for name, pulled := range pulls {
		alike(t, name, got[name], pulled())
	}
}
