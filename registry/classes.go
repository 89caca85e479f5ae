package registry

// Classes are all that an *Error can be of.
func Classes() []Class {
	return []Class{
		ClassUnreachable, ClassTimeout, ClassUnauthorized, ClassNotFound, ClassRateLimited, ClassMalformed, ClassRefused,
		ClassCredentials, ClassIdentity, ClassNoMatch, ClassReference, ClassOffline,
	}
}
