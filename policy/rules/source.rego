# METADATA
# title: How rules speak of a source
# description: |
#   A source may be declared by the judged object, or by another one that it refers to (origin). These functions give
#   the path of a violation, and name a field so that the reader finds it.
package fluxgate.source

# METADATA
# description: the path in the judged object of a field, or of the reference that leads to it
path(source, _) := source.path if source.origin

path(source, field) := concat(".", [source.path, field]) if not source.origin

# METADATA
# description: the name of a field of the declaring object, for a sentence
field(source, name) := sprintf(
	"spec.%s of %s %s/%s",
	[name, source.origin.kind, source.origin.namespace, source.origin.name],
) if {
	source.origin
}

field(source, name) := path(source, name) if not source.origin

# METADATA
# description: a violation of a field
violation(index, source, name, message, remediation) := {
	"source": index,
	"path": path(source, name),
	"message": about(source, message),
	"remediation": remediation,
}

# METADATA
# description: says whom a message is about, where that is not the judged object
about(source, message) := sprintf(
	"%s %s/%s: %s",
	[source.origin.kind, source.origin.namespace, source.origin.name, message],
) if {
	source.origin
}

about(source, message) := message if not source.origin

# METADATA
# description: whether a chart is named by the judged object itself, of which only the HelmRepository is another
own_chart(source) if {
	source.form == "helm-chart"
	source.origin.kind == "HelmRepository"
}

# METADATA
# description: a violation of a field that the judged object has itself, although another object tells the rest
own_violation(index, source, name, message, remediation) := {
	"source": index,
	"own": true,
	"path": own_field(source, name),
	"message": message,
	"remediation": remediation,
}

# METADATA
# description: the path of a field beside the name of a chart
own_field(source, name) := concat(".", [source.path, name])

# METADATA
# description: the path of the reference that leads to the declaring object; a chart stands beside its own
reference(source) := own_field(source, "sourceRef") if {
	own_chart(source)
} else := source.path

# METADATA
# description: |
#   a violation of what a reference names. What the reference says is the judged object's own; where it leads on from
#   there (a chartRef to a HelmChart) is not.
reference_violation(index, source, message, remediation) := {
	"source": index,
	"own": true,
	"path": reference(source),
	"message": message,
	"remediation": remediation,
} if {
	not endswith(source.path, "chartRef")
} else := {
	"source": index,
	"path": source.path,
	"message": about(source, message),
	"remediation": remediation,
}
