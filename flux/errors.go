package flux

// ObjectError is bad input: an object that cannot be read as the Flux kind that it claims to be, or that Flux's own schema
// would refuse. It is the user's to mend, and neither a violation nor an infrastructure error.
type ObjectError struct {
	Path    string // "spec.url"
	Message string // "must be a string, is a number"
	Remedy  string // the exact change that would pass; may be empty
}

func (e *ObjectError) Error() string {
	text := e.Path + ": " + e.Message
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}
