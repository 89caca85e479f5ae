package imagepolicy

import (
	"errors"
	"fmt"
	"slices"

	"cuelang.org/go/cue/cuecontext"
	"github.com/open-policy-agent/opa/v1/ast"
)

// uncompilable says why a policy over attestations cannot be evaluated; empty where it can. The library compiles it anew for
// each artifact, where a mistake would read as a refusal.
func uncompilable(language, data string) string {
	if data == "" {
		return ""
	}
	switch language {
	case "cue":
		if err := cuecontext.New().CompileString(data).Err(); err != nil {
			return fmt.Sprintf("does not compile: %s", err)
		}
	case "rego":
		return uncompilableRego(data)
	}
	return ""
}

// regoPackage is the package whose isCompliant the library asks for (cosign's pkg/cosign/rego).
const regoPackage = "data.sigstore"

func uncompilableRego(data string) string {
	// The library reads modules as OPA 0.x did.
	options := ast.ParserOptions{RegoVersion: ast.RegoV0, Capabilities: offline()}
	module, err := ast.ParseModuleWithOpts("sigstore.rego", data, options)
	if err != nil {
		return compileError(err)
	}
	if module == nil {
		return "holds no Rego"
	}
	if got := module.Package.Path.String(); got != regoPackage {
		return fmt.Sprintf("is package %s, of which policy-controller asks nothing: write package sigstore, with a rule isCompliant", got[len("data."):])
	}
	if !slices.ContainsFunc(module.Rules, func(rule *ast.Rule) bool { return rule.Head.Ref().String() == "isCompliant" }) {
		return "has no rule isCompliant, so nothing could comply"
	}
	compiler := ast.NewCompiler().WithCapabilities(offline())
	compiler.Compile(map[string]*ast.Module{"sigstore.rego": module})
	if compiler.Failed() {
		return compileError(compiler.Errors)
	}
	return ""
}

func compileError(err error) string {
	if all := (ast.Errors{}); errors.As(err, &all) && len(all) > 0 {
		return fmt.Sprintf("does not compile: %s: %s: %s", all[0].Location, all[0].Code, all[0].Message)
	}
	return fmt.Sprintf("does not compile: %s", err)
}

// offline are OPA's capabilities without what reaches a network, or tells of the process: the library itself would grant both.
func offline() *ast.Capabilities {
	capabilities := ast.CapabilitiesForThisVersion()
	capabilities.AllowNet = []string{}
	capabilities.Builtins = slices.DeleteFunc(capabilities.Builtins, func(builtin *ast.Builtin) bool {
		return slices.Contains([]string{"http.send", "net.lookup_ip_addr", "opa.runtime"}, builtin.Name)
	})
	return capabilities
}
