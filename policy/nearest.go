package policy

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest ends a sentence about an unknown name: with the known name that was probably meant, else with all of them.
func nearest(name string, known []string) string {
	best, least := "", len(name)/2+1
	for _, k := range known {
		distance := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(k))
		if distance < least {
			best, least = k, distance
		}
	}
	switch {
	case len(known) == 0:
		return ": there are none here"
	case best != "":
		return ": did you mean " + best + "?"
	default:
		return ": use " + oneOf(known)
	}
}

// oneOf joins names: "a", "a or b", "a, b or c".
func oneOf(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// article puts a JSON type into a sentence.
func article(jsonType string) string {
	switch jsonType {
	case "null":
		return "null"
	case "object", "array", "integer":
		return "an " + jsonType
	default:
		return "a " + jsonType
	}
}
