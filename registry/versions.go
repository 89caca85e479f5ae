package registry

import (
	"context"
	"errors"
	"regexp"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/fluxgate/fluxgate/flux"
)

// chartLayer is helm's ChartLayerMediaType: with it as layerSelector.mediaType, Flux reads "_" in a tag as "+".
const chartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

var errNoVersion = errors.New("no tag satisfies the range")

// versions is a semver range with its filter, ready to be compared with tags.
type versions struct {
	constraint *semver.Constraints
	filter     *regexp.Regexp // nil: every tag
	charts     bool           // "_" in a tag reads as "+"
}

// newVersions reads ref.semver and ref.semverFilter. Flux finds them bad only after it has listed the tags
// (source-controller, getTagBySemver); here nothing is dialled for them.
func newVersions(source flux.Source) (*versions, error) {
	constraint, err := semver.NewConstraint(source.Ref.Semver)
	if err != nil {
		return nil, badReference(source, "ref.semver", quote(source.Ref.Semver)+" is not a range of versions",
			`write one like ">=1.0.0 <2.0.0"`)
	}
	v := &versions{constraint: constraint, charts: source.MediaType == chartLayer}
	if source.Ref.SemverFilter == "" {
		return v, nil
	}
	if v.filter, err = compileFilter(source); err != nil {
		return nil, err
	}
	return v, nil
}

// highest returns the tag of the highest version that satisfies the range, errNoVersion where there is none, or
// ctx's error. It mirrors source-controller's getTagBySemver and filterTags, and sorts as it does: of equal versions
// ("v1.0.0" and "1.0.0") the same one must win.
func (v *versions) highest(ctx context.Context, tags []string) (string, error) {
	var matching []*semver.Version
	for _, tag := range tags {
		if err := ctx.Err(); err != nil { // the filter is a tenant's: its work ends with the deadline
			return "", err
		}
		if v.filter != nil && !v.filter.MatchString(tag) {
			continue
		}
		if v.charts {
			tag = strings.ReplaceAll(tag, "_", "+")
		}
		version, err := parseVersion(tag)
		if err == nil && v.constraint.Check(version) {
			matching = append(matching, version)
		}
	}
	if len(matching) == 0 {
		return "", errNoVersion
	}
	sort.Sort(sort.Reverse(semver.Collection(matching)))
	tag := matching[0].Original()
	if v.charts {
		tag = strings.ReplaceAll(tag, "+", "_")
	}
	return tag, nil
}

// parseVersion reads three numbers strictly, but for one "v" in front of them (fluxcd/pkg/version, ParseVersion).
func parseVersion(tag string) (*semver.Version, error) {
	if _, err := semver.StrictNewVersion(strings.TrimPrefix(tag, "v")); err != nil {
		return nil, err
	}
	return semver.NewVersion(tag)
}
