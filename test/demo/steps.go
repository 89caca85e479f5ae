package main

import "context"

// steps are what the demo shows, in this order: later ones lean on what earlier ones left.
func steps() []step {
	return []step{pinned(), moved(), retagged(), denied(), unpinnable(), warned(), rewritten(), older(), unsigned(), checked()}
}

func pinned() step {
	return step{
		title: "A tag is pinned",
		why:   "The tag stays, and the digest that it names is written beside it, with a record of what it was resolved from.",
		do: []action{
			show("podinfo.yaml"),
			apply("podinfo.yaml", accepted("serverside-applied")),
			stored("ocirepository", []string{"metadata.annotations", "spec.ref"}, "tag: v1.0.0", "digest: {v1.0.0}", "fluxgate.dev/pin:"),
		},
	}
}

func moved() step {
	return step{
		title: "The tag moves in the registry",
		why:   "Applying the same file again changes nothing: what was reviewed keeps running, until somebody asks for the new one.",
		do: []action{
			retag("moved", podinfo, "v1.0.0"),
			apply("podinfo.yaml", accepted()),
			stored("ocirepository", []string{"spec.ref"}, "digest: {v1.0.0}"),
			kubectl(accepted("annotated"), "annotate", "ocirepository", "podinfo", "-n", "prod", "fluxgate.dev/repin=2026-11-23"),
			stored("ocirepository", []string{"spec.ref"}, "digest: {moved}"),
		},
	}
}

func retagged() step {
	return step{
		title: "The tag changes in Git",
		why:   "The digest follows the new tag. Without the record the old one would stay, and in Flux the digest wins.",
		do: []action{
			apply("podinfo-v1.1.0.yaml", accepted()),
			stored("ocirepository", []string{"spec.ref"}, "tag: v1.1.0", "digest: {v1.1.0}"),
		},
	}
}

func denied() step {
	return step{
		title: "What policy forbids is refused",
		why:   "One answer names every rule that is broken, and how to mend it; a registry that is not allowed is never dialled.",
		do: []action{
			show("evil.yaml"),
			apply("evil.yaml", refused("/registry-allowlist]", "/require-verify]", "/forbid-insecure]")),
			untouched("evil.example.com"),
		},
	}
}

func unpinnable() step {
	return step{
		title: "A version range has no digest",
		why:   "Pinning a range would freeze its updates, so the policy leaves it to you: the answer says what would pass.",
		do: []action{
			show("range.yaml"),
			apply("range.yaml", refused("/require-digest]", "set spec.ref.digest to {v1.1.0}")),
			applyWithDigest("range.yaml", accepted("serverside-applied")),
		},
	}
}

func warned() step {
	return step{
		title: "Elsewhere it only warns",
		why:   "A policy with action Warn lets the object through and tells its author what production would refuse.",
		do: []action{
			show("staging.yaml"),
			apply("staging.yaml", accepted("Warning: [staging/require-verify]", "Warning: [staging/forbid-tags]", "serverside-applied")),
		},
	}
}

func rewritten() step {
	return step{
		title: "A HelmRelease names an OCIRepository as its chart's source",
		why:   "Flux's schema refuses this form, which much documentation shows; Fluxgate turns it into the chartRef that Flux takes.",
		do: []action{
			show("release.yaml"),
			apply("release.yaml", accepted("podinfo-chart serverside-applied", "rewritten to spec.chartRef")),
			stored("helmrelease", []string{"spec"}, "chartRef:", "name: podinfo-chart"),
		},
	}
}

func older() step {
	suspend := func(value string) []string {
		return []string{"patch", "ocirepository", "legacy", "-n", "shop", "--type=merge", "-p", `{"spec":{"suspend":` + value + `}}`}
	}
	finalizer := `{"metadata":{"finalizers":["demo.fluxgate.dev/hold"]}}`
	return step{
		title: "An object that is older than the policy",
		why:   "Controllers and `flux suspend` go on working on what is there; what makes it pull again is judged.",
		do: []action{
			show("legacy.yaml"),
			apply("legacy.yaml", accepted("serverside-applied")),
			kubectl(accepted("labeled"), "label", "namespace", "shop", "environment=production"),
			inForce,
			kubectl(accepted("patched"), "patch", "ocirepository", "legacy", "-n", "shop", "--type=merge", "-p", finalizer),
			kubectl(accepted("patched"), suspend("true")...),
			kubectl(refused("/require-verify]"), suspend("false")...),
		},
	}
}

// inForce waits until Fluxgate has seen the label of the namespace. It prints nothing.
func inForce(ctx context.Context, s *stage) error {
	return s.until(ctx, "sees the label", func() (bool, error) {
		_, _, err := s.Kubectl(ctx, "", "patch", "ocirepository", "legacy", "-n", "shop", "--dry-run=server", "--type=merge",
			"-p", `{"spec":{"verify":{"provider":"notation"}}}`)
		return err != nil, err
	})
}

func unsigned() step {
	return step{
		title: "Nobody signed it",
		why:   "What a tag names is verified before it is admitted, with the keys that the object names; Flux would find out afterwards.",
		do: []action{
			show("payments.yaml"),
			released("v1.0.0"),
			apply("payments.yaml", accepted("serverside-applied")),
			smuggled("v1.1.0"),
			apply("payments-v1.1.0.yaml", refused("[signed/signature-verified]", "has no cosign signature")),
		},
	}
}

func checked() step {
	return step{
		title: "The same verdicts in CI",
		why:   "`fluxgate check` runs the same gate over files, before they reach a cluster.",
		do: []action{
			fluxgate(1, []string{"/registry-allowlist]", "1 denied"},
				"check", "--offline", "--policy", policies, sample("evil.yaml"), sample("podinfo.yaml")),
		},
	}
}
