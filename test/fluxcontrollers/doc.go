// Package sourcecontroller runs Flux's own source-controller, of the version whose CRDs package controlplane installs, beside a
// control plane: what it pulls and verifies is what Fluxgate is measured by.
//
// It reconciles objects with the label that Mark sets, and no others, so that registries' logs of other tests stay their own.
package sourcecontroller
