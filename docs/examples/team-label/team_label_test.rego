package fluxgate.custom.team_label_test

import data.fluxgate.custom.team_label

test_a_known_team_passes if judge({"labels": {"team": "shop"}}) == set()

test_an_unknown_team_is_named if {
	messages({"labels": {"team": "shopp"}}) == {`team "shopp" is not known`}
}

test_without_labels_it_says_what_to_set if {
	judge({}) == {{
		"path": "metadata.labels.team",
		"message": "the label team is missing",
		"remediation": "set the label to one of: shop, payments",
	}}
}

test_a_label_of_another_name_does_not_count if {
	messages({"labels": {"Team": "shop"}}) == {"the label team is missing"}
}

messages(metadata) := {violation.message | some violation in judge(metadata)}

judge(metadata) := violations if {
	violations := team_label.violations with input as {
		"params": {"team-label": {"teams": ["shop", "payments"]}},
		"raw": {"metadata": metadata},
	}
}
