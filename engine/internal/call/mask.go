package call

import (
	"slices"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// masked returns err with a text that repeats nothing of the request and the
// answer, as far as one can tell; call may be nil.
func masked(err error, call *layer.Call) error {
	text := fault.WithoutURL(err).Error()
	var secrets []string
	if call != nil {
		secrets = credentialsOf(call)
	}
	return fault.WithText(fault.UnlessEchoed(text, secrets, func(text string) string { return maskValues(text, call) }), err)
}

// maskValues takes the secrets of the call at hand out of a text, whatever name
// they go by there and however they are encoded.
func maskValues(text string, call *layer.Call) string {
	if text == "" || call == nil {
		return text
	}
	text = fault.WithoutSecrets(text, credentialsOf(call))
	return fault.WithoutEchoes(text, func() []string { return saidIn(call) })
}

// credentialsOf returns the values that a call is authorised with.
func credentialsOf(call *layer.Call) []string {
	list := call.Secrets()
	api, ok := call.Data.(*API)
	s := call.Snapshot()
	if !ok || s == nil {
		return list
	}
	for _, name := range api.SignedWith {
		if v, ok := s.Value(name); ok && v != "" {
			list = append(list, v)
		}
	}
	in := api.in
	sets := [][]layer.Field{in.Calls.Headers.Secret, in.Calls.Params.Secret, in.Calls.Body.Secret}
	if signature := in.Parsed.Signature; signature != nil {
		sets = append(sets, signature.Headers, signature.Params)
	}
	for _, fields := range sets {
		for _, f := range fields {
			names := f.Value.Refs()
			if len(names) == 0 { // text from a variable
				for _, p := range f.Value.Parts {
					list = append(list, p.Literal)
				}
			}
			if slices.Contains(names, "basic_auth_encoded") {
				names = append(names, "username", "password")
			}
			for _, name := range names {
				if v, ok := s.Value(name); ok && v != "" {
					list = append(list, v)
				}
			}
		}
	}
	return list
}
