package policy

// Decode reads one document as strictly as policies are read: a field that T does not have, a value of another type and a
// key that stands twice are problems of a *LoadError, with the nearest valid name. name stands in messages only.
func Decode[T any](name string, text []byte) (T, error) {
	found := &problems{file: name}
	object, err := parseObject(text)
	switch {
	case err != nil:
		found.add("", "%v", err)
	case object == nil:
		found.add("", "the document is empty")
	default:
		if typed := convert[T](object, found); len(found.all) == 0 {
			return typed, nil
		}
	}
	var none T
	return none, sorted(found.all)
}
