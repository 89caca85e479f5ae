package policy

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
)

// storedRepository is an OCIRepository as the API server keeps it, which keeps every rule: 4 KB of JSON.
const storedRepository = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: podinfo
  namespace: prod
  labels: {kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: flux-system, team: acme}
  annotations:
    fluxgate.dev/pin: '{"digest":"DIGEST","url":"oci://ghcr.io/acme/manifests/podinfo","tag":"v1.0.0"}'
    runbook: FILLING
  managedFields:
  - manager: kustomize-controller
    operation: Apply
    fieldsType: FieldsV1
    fieldsV1: {"f:spec": {"f:interval": {}, "f:ref": {"f:tag": {}}, "f:url": {}, "f:verify": {"f:provider": {}, "f:secretRef": {}}}}
spec:
  interval: 10m
  timeout: 60s
  url: oci://ghcr.io/acme/manifests/podinfo
  ref: {tag: v1.0.0, digest: DIGEST}
  layerSelector: {mediaType: application/vnd.cncf.flux.content.v1.tar+gzip, operation: extract}
  provider: generic
  secretRef: {name: pull}
  verify: {provider: cosign, secretRef: {name: cosign-keys}}
  ignore: FILLING
`

// BenchmarkLibrary is what all rules of the library take for an object of 4 KB: reading its sources, building the input,
// both phases. "never seen" is the first review of an object, "remembered" every other one. Machines are shared: so there is
// the processor's time beside the time that passed, and "control", a loop of about 100 µs that touches no memory, whose p99
// is the machine's alone. The garbage collector runs between the measured evaluations, since they are not back to back in a
// cluster; ns/op has it.
func BenchmarkLibrary(b *testing.B) {
	p, obj, n := mustParse(b, everyRule), bigRepository(b), 0
	b.Run("never seen", func(b *testing.B) {
		measure(b, func() {
			n++
			obj.SetName(fmt.Sprintf("podinfo-%d", n))
			judgeWhole(b, p, obj)
		})
	})
	b.Run("remembered", func(b *testing.B) { measure(b, func() { judgeWhole(b, p, obj) }) })
	b.Run("control", func(b *testing.B) { measure(b, func() { spin(100_000) }) })
}

// measure reports the distribution of the times that do takes.
func measure(b *testing.B, do func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var passed, used []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		if len(passed)%300 == 0 {
			runtime.GC()
		}
		start, cpu := time.Now(), processorTime(b)
		do()
		passed, used = append(passed, time.Since(start)), append(used, processorTime(b)-cpu)
	}
	for unit, times := range map[string][]time.Duration{"µs": passed, "cpu-µs": used} {
		slices.Sort(times)
		for name, quantile := range map[string]float64{"p50": 0.5, "p99": 0.99} {
			at := times[int(quantile*float64(len(times)-1))]
			b.ReportMetric(float64(at.Nanoseconds())/1000, name+"-"+unit)
		}
	}
}

// spin takes about a nanosecond a round, and nothing of memory.
func spin(rounds int) {
	state := uint64(rounds) | 1
	for range rounds {
		state *= 6364136223846793005
	}
	runtime.KeepAlive(state)
}

func judgeWhole(b *testing.B, p *Policy, obj *unstructured.Unstructured) {
	sources, err := flux.Sources(b.Context(), obj, nil)
	if err != nil {
		b.Fatal(err)
	}
	in := NewInput(Review{
		Operation: "UPDATE", APIVersion: obj.GetAPIVersion(), Kind: obj.GetKind(), Namespace: obj.GetNamespace(), Name: obj.GetName(),
		Interval: flux.IntervalsOf(obj).Object,
		Sources: []SourceReview{{
			Source: sources[0], Changed: true,
			Resolved: &Resolved{Tag: sources[0].Ref.Tag, Digest: sources[0].Ref.Digest},
			Keys:     &Keys{Entries: []Key{{Entry: "cosign.pub", Fingerprint: listedKey}}},
			Signature: &Signature{Signature: verify.Signature{
				Verified: true, Scheme: verify.SchemeCosignBundle, Signers: []verify.Signer{{Fingerprint: listedKey}},
			}},
		}},
	})
	for _, phase := range []Phase{Static, Facts} {
		violations, err := p.Evaluate(b.Context(), in, phase)
		if err != nil || len(violations) > 0 {
			b.Fatal(violations, err)
		}
	}
}

func bigRepository(b *testing.B) *unstructured.Unstructured {
	b.Helper()
	text := strings.NewReplacer("DIGEST", "sha256:"+strings.Repeat("ab", 32), "FILLING", strings.Repeat("/manifests/*.md ", 100)).
		Replace(storedRepository)
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &obj.Object); err != nil {
		b.Fatal(err)
	}
	if size, err := obj.MarshalJSON(); err != nil || len(size) < 4<<10 || len(size) > 5<<10 {
		b.Fatal(len(size), err)
	}
	return obj
}

// processorTime is what the thread has had of the processor.
func processorTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}
