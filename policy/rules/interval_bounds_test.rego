package fluxgate.rules.interval_bounds_test

import data.fluxgate.rules.interval_bounds

both := {"min": "1m", "max": "24h"}

within := "a duration from 1m to 24h"

test_an_interval_within_the_bounds_passes if {
	every interval in ["1m", "60s", "10m", "24h", "1439m60s", "23h59m60000ms"] {
		judge(both, {"interval": interval}) == set()
	}
}

test_no_interval_is_not_judged if judge(both, {}) == set()

test_one_that_is_too_short_is_refused if {
	judge(both, {"interval": "59.9s"}) == {violation("spec.interval", "59.9s is shorter than 1m", within)}
}

test_one_that_is_too_long_is_refused if {
	judge(both, {"interval": "24h0m1s"}) == {violation("spec.interval", "24h0m1s is longer than 24h", within)}
}

test_one_bound_is_enough if {
	judge({"min": "1m"}, {"interval": "9999h"}) == set()
	judge({"min": "1m"}, {"interval": "1s"}) == {violation("spec.interval", "1s is shorter than 1m", "1m or more")}
	judge({"max": "1h"}, {"interval": "1ms"}) == set()
	judge({"max": "1h"}, {"interval": "2h"}) == {violation("spec.interval", "2h is longer than 1h", "1h or less")}
}

test_nought_is_no_interval if {
	every params in [{"min": "1m"}, {"max": "1h"}, both] {
		every interval in ["0s", "0h0m", "0.0ms"] {
			{v.message | some v in judge(params, {"interval": interval})} == {sprintf("%q is no interval", [interval])}
		}
	}
}

test_the_interval_of_a_template_is_judged_too if {
	found := judge(both, {"interval": "10m", "chart_interval": "1s"})
	found == {violation("spec.chart.spec.interval", "1s is shorter than 1m", within)}
	count(judge(both, {"interval": "1s", "chart_interval": "48h"})) == 2
}

test_params_must_bound_something if {
	interval_bounds.invalid == {{
		"path": ".min", "message": "set min, max or both: without them nothing is bounded",
	}} with input.params as {"interval-bounds": {}}
}

test_params_must_be_durations if {
	every text in ["5", "1d", "-1m", "", "999999h999999h999999h", "1234567h"] {
		interval_bounds.invalid == {{
			"path": ".max",
			"message": sprintf("%q is no duration: write it as in 30s, 10m or 24h", [text]),
		}} with input.params as {"interval-bounds": {"min": "1m", "max": text}}
	}
}

test_the_bounds_must_leave_something if {
	interval_bounds.invalid == {{"path": ".min", "message": "2h is above max, which is 1h"}} with input.params as params({
		"min": "2h",
		"max": "1h",
	})
	interval_bounds.invalid == {{
		"path": ".max",
		"message": "is nought, which no interval could keep",
	}} with input.params as params({"max": "0h0s"})
	interval_bounds.invalid == set() with input.params as params({"min": "1h", "max": "60m"})
}

test_the_longest_text_can_be_read if {
	interval_bounds.invalid == set() with input.params as params({"max": "999999h999999h9s"})
	interval_bounds.prepared.max > 0 with input.params as params({"max": "999999h999999h9s"})
}

params(bounds) := {"interval-bounds": bounds}

violation(path, message, bounds) := {
	"source": 0,
	"own": true,
	"path": path,
	"message": message,
	"remediation": sprintf("set %s to %s", [path, bounds]),
}

judge(bounds, object) := violations if {
	prepared := interval_bounds.prepared with input.params as params(bounds)
	violations := interval_bounds.violations with input as {
		"object": object,
		"params": params(bounds),
		"prepared": {"interval-bounds": prepared},
		"sources": [{"form": "other", "path": "spec.sourceRef"}],
	}
}
