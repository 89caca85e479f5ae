// Package policytest runs the tests of policies that stand beside them in files:
//
//   - Rego tests (*_test.rego) of custom rules, by OPA's test runner, with the rules as confined as they are in production
//     (modules.go, group.go, regotest.go);
//   - table cases (documents of the kind PolicyTest): an object, what stands in the cluster beside it and what registries
//     say, and what the gate is to make of it (document.go, table.go, facts.go, compare.go).
//
// Run reads all that is below the paths, runs it, and gives a Report. What cannot be read is kept apart from tests that
// fail; the rest is run all the same.
package policytest
