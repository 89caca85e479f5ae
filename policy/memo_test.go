package policy

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
)

// full is a review in which every pointer and list is set, so that every field can be reached.
func full() Review {
	r := pinned()
	r.Sources[0].Origin = &flux.Key{Group: "g", Kind: "k", NamespacedName: types.NamespacedName{Namespace: "n", Name: "o"}}
	r.Sources[0].Keys = &Keys{Problem: "p", Entries: []Key{{Entry: "e", Fingerprint: "f"}}}
	r.Sources[0].Signature = &Signature{Signature: verify.Signature{Warnings: []string{"w"}, Signers: []verify.Signer{{Fingerprint: "f"}}}}
	r.Sources[0].Verify.Identities = []flux.Identity{{Issuer: "i", Subject: "s"}}
	return r
}

func TestEveryFieldThatARuleCanReadIsInTheKey(t *testing.T) {
	seen := map[string]string{keyOf(full()): "the review itself"}
	changed := 0
	for _, path := range leaves(reflect.ValueOf(ptr(full())).Elem(), "") {
		if path == ".Object" {
			continue // no rule reads the raw object; one that did could not be remembered
		}
		r := full()
		alter(t, reflect.ValueOf(&r).Elem(), path)
		if other, found := seen[keyOf(r)]; found {
			t.Errorf("a change of %s gives the key of %s", path, other)
		}
		seen[keyOf(r)] = path
		changed++
	}
	if changed < 30 {
		t.Errorf("only %d fields were changed; the walk misses some", changed)
	}
}

func keyOf(r Review) string {
	in := NewInput(r)
	return in.memoKey()
}

func ptr[T any](v T) *T { return &v }

// leaves lists the paths of all texts, flags and maps below v.
func leaves(v reflect.Value, at string) []string {
	switch v.Kind() {
	case reflect.Pointer:
		return append(leaves(v.Elem(), at), at+"?") // and the pointer itself, which may be nil
	case reflect.Slice:
		return append(leaves(v.Index(0), at+"[0]"), at+"?")
	case reflect.Struct:
		var all []string
		for i := range v.NumField() {
			all = append(all, leaves(v.Field(i), at+"."+v.Type().Field(i).Name)...)
		}
		return all
	default:
		return []string{at}
	}
}

// alter changes the leaf at a path: another text, the other flag, nil for what may be nil.
func alter(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	var walk func(v reflect.Value, at string)
	walk = func(v reflect.Value, at string) {
		if at+"?" == path {
			v.SetZero()
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			walk(v.Elem(), at)
		case reflect.Slice:
			walk(v.Index(0), at+"[0]")
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), at+"."+v.Type().Field(i).Name)
			}
		case reflect.String:
			if at == path {
				v.SetString(v.String() + "x")
			}
		case reflect.Bool:
			if at == path {
				v.SetBool(!v.Bool())
			}
		case reflect.Map:
		default:
			t.Fatalf("%s is a %s, which the key does not know", at, v.Kind())
		}
	}
	walk(v, "")
}

func TestTextsThatTouchDoNotBorrowFromEachOther(t *testing.T) {
	a, b := full(), full()
	a.Namespace, a.Name = "prod", "app"
	b.Namespace, b.Name = "proda", "pp"
	if keyOf(a) == keyOf(b) {
		t.Error("two reviews have the same key")
	}
}

func TestWhatIsRememberedIsWhatWasSaid(t *testing.T) {
	p := mustParse(t, everyRule)
	for _, tag := range []string{"v1", "latest", "v1", "latest"} {
		r := pinned()
		r.Sources[0].Ref.Tag = tag
		in := NewInput(r)
		got, err := p.Evaluate(context.Background(), in, Static)
		if err != nil {
			t.Fatal(err)
		}
		if want := tag == "latest"; (len(got) > 0) != want {
			t.Errorf("tag %s: violations %v", tag, got)
		}
	}
	if n := p.phases[Static].memo.known.Len(); n != 2 {
		t.Errorf("%d inputs are remembered, want 2", n)
	}
}

func TestTheMemoIsBounded(t *testing.T) {
	p := mustParse(t, everyRule)
	for i := range memoSize + 50 {
		r := pinned()
		r.Name = fmt.Sprint(i)
		in := NewInput(r)
		if _, err := p.Evaluate(context.Background(), in, Static); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.phases[Static].memo.known.Len(); n != memoSize {
		t.Errorf("%d inputs are remembered, want %d", n, memoSize)
	}
	r := pinned()
	r.Name = string(make([]byte, maxMemoKey))
	in := NewInput(r)
	p.phases[Static].memo.put(in, nil)
	if _, found := p.phases[Static].memo.get(in); found {
		t.Error("an input that is too long is remembered")
	}
	in = NewInput(pinned())
	p.phases[Static].memo.put(in, []Violation{{Message: string(make([]byte, maxMemoTexts+1))}})
	if _, found := p.phases[Static].memo.get(in); found {
		t.Error("violations whose texts are too long are remembered")
	}
}
