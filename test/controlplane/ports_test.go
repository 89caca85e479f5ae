package controlplane

import (
	"net"
	"testing"
)

// TestAPortIsGivenOnce for as long as there are others, and one that is taken is passed over, as that of a process which has not
// ended yet.
func TestAPortIsGivenOnce(t *testing.T) {
	first, second := portsFor(t), portsFor(t)
	given, taken := map[string]bool{}, map[string]bool{}
	for i := range blockSize / 2 {
		for _, own := range []*ports{first, second} {
			address, err := own.free()
			if err != nil {
				t.Fatal(err)
			}
			if given[address] {
				t.Errorf("%s is given twice", address)
			}
			given[address] = true
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			if taken[address] = i%2 == 0; taken[address] {
				t.Cleanup(func() { _ = listener.Close() }) // closed with the process at the latest
			} else if err := listener.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 * blockSize {
		address, err := first.free()
		if err != nil {
			t.Fatal(err)
		}
		if taken[address] {
			t.Fatalf("%s is given, though it is taken", address)
		}
	}
}

func portsFor(t *testing.T) *ports {
	t.Helper()
	own, err := holdPorts()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.held.Close(); err != nil {
			t.Error(err)
		}
	})
	return own
}
