package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/gate"
)

const (
	documented = `
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: podinfo, namespace: prod}
spec:
  chart:
    spec: {chart: podinfo, sourceRef: {kind: OCIRepository, name: podinfo-oci}}
`
	rewritten = `
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: podinfo
  namespace: prod
  annotations: {fluxgate.dev/chart-ref: '{"kind":"OCIRepository","name":"podinfo-oci"}'}
spec:
  chartRef: {kind: OCIRepository, name: podinfo-oci}
`
	// reapplied is what server-side apply makes of both: our chartRef has no owner, so it stays beside the chart.
	reapplied = rewritten + `
  chart:
    spec: {chart: podinfo, sourceRef: {kind: OCIRepository, name: podinfo-oci}}
`
)

func TestARewriteIsToldOnceAndNotAtEveryInterval(t *testing.T) {
	note := []gate.Note{{Path: "spec.chartRef", Message: "spec.chart, whose sourceRef is an OCIRepository, was rewritten " +
		"to spec.chartRef: {kind: OCIRepository, name: podinfo-oci}"}}
	tests := map[string]struct {
		was, is string
		want    []gate.Note
	}{
		"a new object is told of":                            {is: documented, want: note},
		"an object whose chart came with an edit is told of": {was: `{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: podinfo, namespace: prod}, spec: {chartRef: {kind: OCIRepository, name: other}}}`, is: documented, want: note},
		"the same manifest, applied again, is not":           {was: rewritten, is: reapplied},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: strict}
			stored, d, err := w.gate().Mutate(t.Context(), request(t, test.was, test.is))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(object(t, rewritten).Object, stored.Object); diff != "" {
				t.Errorf("stored object (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, d.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}
