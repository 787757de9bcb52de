package lint

// exceptions lists what may break a size rule, each with its reason. Names are
// "package.Type.Method", "package.Type" or a file path.
var exceptions = map[string]string{}

func excepted(name string) bool {
	_, ok := exceptions[name]
	return ok
}
