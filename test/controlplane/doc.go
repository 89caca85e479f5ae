// Package controlplane runs a real Kubernetes control plane, etcd and kube-apiserver, on the loopback interface, with Flux's
// real CRDs in it. Both binaries are built from Go modules (`make controlplane`), so nothing but Go is needed; where
// KUBEBUILDER_ASSETS names a folder that holds them all, that is used instead.
//
// There is no controller-manager beside it: no owner garbage collection, no role aggregation, no namespace finalization, no
// default ServiceAccounts, no Service routing. Authorization is RBAC, as in a cluster.
//
// No process and no file outlives the one that started it, however that one ends (see leash).
package controlplane
