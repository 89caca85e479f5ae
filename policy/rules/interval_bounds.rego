# METADATA
# title: Flux looks neither too often nor too seldom
# description: |
#   `spec.interval` is how often Flux asks a registry, or applies what it pulled, without being told to: too often is a
#   burden on registries and on the cluster, too seldom leaves what drifted or was replaced as it is. It must lie within
#   `min` and `max`, of which one is enough; both may be reached. An interval of nought is none, and always refused.
#
#   Each object is judged by its own interval, not by that of the source that it refers to: that one is judged when it is
#   written. A HelmRelease may have a second one for the HelmChart or OCIRepository that is made for it; where it has none,
#   its own holds for both. A HelmRepository over http without an interval has Flux's default of 1m. An interval that is no
#   duration is refused as a bad object, whatever the policies say.
# custom:
#   severity: low
#   phase: static
#   remediation: set the interval to a duration within the bounds
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       min:
#         description: the shortest interval that is allowed; one of min and max is required
#         type: string
#         maxLength: 16
#         pattern: ^([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h))+$
#       max:
#         description: the longest interval that is allowed
#         type: string
#         maxLength: 16
#         pattern: ^([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h))+$
#   example: |
#     - rule: interval-bounds
#       params:
#         min: 1m
#         max: 24h
#   reads:
#     OCIRepository: spec.interval
#     HelmRelease chartRef: spec.interval
#     HelmRelease chart.spec, HelmRepository: "spec.interval; spec.chart.spec.interval, where it is set"
#     HelmRelease inline OCIRepository: "spec.interval; spec.chart.spec.interval, where it is set"
#     HelmRelease chart.spec, OCIRepository: "spec.interval; spec.chart.spec.interval, where it is set"
#     HelmRepository: "spec.interval, over http only (1m where there is none): Flux does not read that of type: oci"
#     HelmChart: spec.interval
#     Kustomization: spec.interval
package fluxgate.rules.interval_bounds

# METADATA
# description: the bounds in nanoseconds
prepared := {name: time.parse_duration_ns(text) | some name, text in _params}

# METADATA
# description: what the schema cannot say of the bounds
invalid contains {"path": ".min", "message": "set min, max or both: without them nothing is bounded"} if {
	count(_params) == 0
}

invalid contains violation if {
	some name, text in _params
	not _readable(text)
	violation := {
		"path": sprintf(".%s", [name]),
		"message": sprintf("%q is no duration: write it as in 30s, 10m or 24h", [text]),
	}
}

invalid contains {"path": ".min", "message": sprintf("%s is above max, which is %s", [_params.min, _params.max])} if {
	every name in ["min", "max"] { _readable(_params[name]) }
	time.parse_duration_ns(_params.min) > time.parse_duration_ns(_params.max)
}

invalid contains {"path": ".max", "message": "is nought, which no interval could keep"} if {
	_readable(_params.max)
	time.parse_duration_ns(_params.max) == 0
}

# As in the schema: short enough that no sum of its parts is too large to be read.
_readable(text) if {
	count(text) <= 16
	regex.match(`^([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h))+$`, text)
}

# METADATA
# description: an interval outside of the bounds
violations contains _violation("spec.interval", flaw) if {
	interval := input.object.interval
	flaw := _flaw(interval, time.parse_duration_ns(interval))
	input.sources[0]
}

# METADATA
# description: the same of the chart or source that is made for a HelmRelease
violations contains _violation("spec.chart.spec.interval", flaw) if {
	interval := input.object.chart_interval
	flaw := _flaw(interval, time.parse_duration_ns(interval))
	input.sources[0]
}

# Undefined, so no violation, within the bounds.
_flaw(interval, length) := sprintf("%q is no interval", [interval]) if {
	length == 0
} else := sprintf("%s is shorter than %s", [interval, _params.min]) if {
	length < input.prepared["interval-bounds"].min
} else := sprintf("%s is longer than %s", [interval, _params.max]) if {
	length > input.prepared["interval-bounds"].max
}

# Told beside a source, so that it ratchets with that.
_violation(path, flaw) := {
	"source": 0,
	"own": true,
	"path": path,
	"message": flaw,
	"remediation": sprintf("set %s to %s", [path, _bounds]),
}

_bounds := sprintf("a duration from %s to %s", [_params.min, _params.max]) if {
	_params.min
	_params.max
} else := sprintf("%s or more", [_params.min]) if {
	_params.min
} else := sprintf("%s or less", [_params.max])

_params := input.params["interval-bounds"]
