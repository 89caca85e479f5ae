package flux

import "testing"

func TestAppliedBy(t *testing.T) {
	digest := []string{"spec", "ref", "digest"}
	entry := func(operation, fields string) string {
		return "[{manager: m, operation: " + operation + ", fieldsV1: " + fields + "}]"
	}
	for sentence, test := range map[string]struct {
		managedFields string
		path          []string
		want          bool
	}{
		"the field is applied":              {entry("Apply", `{"f:spec": {"f:ref": {"f:digest": {}}}}`), digest, true},
		"an object is applied":              {entry("Apply", `{"f:spec": {"f:chartRef": {"f:kind": {}}}}`), []string{"spec", "chartRef"}, true},
		"a field beside it is applied":      {entry("Apply", `{"f:spec": {"f:ref": {"f:tag": {}}}}`), digest, false},
		"the object around it is applied":   {entry("Apply", `{"f:spec": {"f:ref": {}}}`), digest, false},
		"it is updated, not applied":        {entry("Update", `{"f:spec": {"f:ref": {"f:digest": {}}}}`), digest, false},
		"the same name elsewhere":           {entry("Apply", `{"f:digest": {}, "f:ref": {"f:digest": {}}}`), digest, false},
		"the name without f:":               {entry("Apply", `{"spec": {"ref": {"digest": {}}}}`), digest, false},
		"an empty path":                     {entry("Apply", `{"f:spec": {}}`), nil, false},
		"nobody manages anything":           {"[]", digest, false},
		"null":                              {"null", digest, false},
		"fields that are null":              {entry("Apply", "null"), digest, false},
		"fields that are a text":            {entry("Apply", `"f:spec"`), digest, false},
		"fields with a list in them":        {entry("Apply", `{"f:spec": [{"f:ref": {}}]}`), digest, false},
		"a number for the operation":        {entry("5", `{"f:spec": {"f:ref": {"f:digest": {}}}}`), digest, false},
		"an entry that is a text":           {`[text]`, digest, false},
		"an object for the list of entries": {`{manager: {operation: Apply}}`, digest, false},
		"a good entry after broken ones": {
			`[null, 5, {operation: Apply}, {operation: Apply, fieldsV1: {"f:spec": {"f:ref": {"f:digest": {}}}}}]`, digest, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			obj := object(t, "{apiVersion: v1, kind: A, metadata: {managedFields: "+test.managedFields+"}}")
			if got := AppliedBy(obj, test.path...); got != test.want {
				t.Errorf("%t, want %t", got, test.want)
			}
		})
	}
}
