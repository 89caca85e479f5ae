package registry

import "errors"

// Class says what kept a registry from answering. Users see it; details go to the log.
type Class string

// The classes of registry errors.
const (
	ClassUnreachable  Class = "unreachable"
	ClassTimeout      Class = "timeout"
	ClassUnauthorized Class = "unauthorized"
	ClassNotFound     Class = "not-found"
	ClassRateLimited  Class = "rate-limited"
	ClassMalformed    Class = "malformed-answer"
	ClassRefused      Class = "address-refused" // the egress guard said no
	ClassCredentials  Class = "credentials"     // a Secret or ServiceAccount is missing or malformed, or may not be used so
	ClassIdentity     Class = "cloud-identity"  // a cloud gave no login for the identity of the provider
	ClassNoMatch      Class = "no-version"      // no tag satisfies the semver range
	ClassReference    Class = "bad-reference"   // the object's ref cannot be read; wraps a *flux.ObjectError; nothing was dialled
	ClassOffline      Class = "offline"         // --offline: nothing is dialled
)

// ErrMissing is what an *Error of ClassCredentials wraps where it is that a Secret or ServiceAccount does not exist.
var ErrMissing = errors.New("it does not exist")

// Error is an infrastructure error of a registry. Error() names repository, reference and class, and is safe to show to
// users: no addresses, no credentials, no body of an answer. Unwrap gives the detail, for the log.
type Error struct {
	Class     Class
	Reference string // "ghcr.io/acme/app:v1"
	Advice    string // one clause that says how to mend it; may be empty
	Cause     Cause  // more than users of a webhook are told, and not in Error(); may be empty
	Err       error  // the detail, without secrets; may be nil

	login refusedLogin
}

func (e *Error) Error() string {
	text := e.Reference + ": " + string(e.Class)
	if e.Advice != "" {
		text += ": " + e.Advice
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }
