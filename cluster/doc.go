// Package cluster reads from the API server what a review needs: the objects that others refer to, the labels of
// namespaces, Secrets and ServiceAccounts. Objects and namespaces come from a cache; what is not in it is read live, so
// that a cache that lags behind is no way round a policy. Secrets and ServiceAccounts are always read live and never kept, and
// so are the rights of users.
package cluster
