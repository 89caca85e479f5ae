package controlplane

import "testing"

// ForTest starts a control plane that is stopped when the test ends. One takes seconds to start: share it among subtests.
func ForTest(t testing.TB, options Options) *ControlPlane {
	t.Helper()
	c, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stopping the control plane: %v", err)
		}
	})
	return c
}
