// Package fluxcontrollers runs Flux's own controllers, of the versions whose CRDs package controlplane installs, beside a control
// plane: what they apply, pull and verify is what Fluxgate is measured by.
//
// They reconcile objects with the label that Mark sets, and no others, so that the registries' logs of other tests stay their own.
package fluxcontrollers
