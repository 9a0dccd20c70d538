package match

import (
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// CheckDeclared compares the values of a request with the declared ones. What a
// connection supplies must be there; what is known must be equal. Standard names
// are the caller's business and skipped. where says where the values belong.
func (j *Judge) CheckDeclared(want []Declared, get func(string) string, where string, skip ...string) *message.Refusal {
	return j.CheckShown(nil, want, get, where, skip...)
}

// CheckShown is CheckDeclared, given what else the request shows.
func (j *Judge) CheckShown(s *Seen, want []Declared, get func(string) string, where string, skip ...string) *message.Refusal {
	for _, d := range want {
		if slices.Contains(skip, d.Name) || d.Text == "" {
			continue
		}
		value := get(d.Name)
		if value == "" {
			if j.Optional(d.Form) {
				continue
			}
			return message.Refused(400, "invalid_request", "%q is missing from %s, where the blueprint declares it", d.Name, where)
		}
		if ref := j.Agrees(s, d.Form, value); ref != nil {
			return message.Refused(400, "invalid_request", "%q in %s %s", d.Name, where, ref.Reason)
		}
	}
	return nil
}

// CheckTypes compares the JSON types of what a request has with those that are
// declared: a number in quotes is another value to whoever reads it.
func CheckTypes(want []Declared, types map[string]string, where string) *message.Refusal {
	for _, d := range want {
		if is, given := types[d.Name]; given && d.Type != "" && is != d.Type {
			return message.Refused(400, "invalid_request", "%q in %s is %s, and the blueprint declares %s", d.Name, where, is, d.Type)
		}
	}
	return nil
}

// Agrees says, as the end of a sentence, why value is not what the template gives, as far as known here.
func (j *Judge) Agrees(s *Seen, f ValueForm, value string) *message.Refusal {
	values, ok := f.Read(value)
	if !ok {
		return otherValue
	}
	for n, v := range values {
		if ref := j.agreesAny(s, f.Refs[n], v); ref != nil {
			return ref
		}
	}
	return nil
}

var otherValue = &message.Refusal{Reason: "has another value than the blueprint declares"}

func (j *Judge) agreesAny(s *Seen, refs []schema.Ref, value string) (ref *message.Refusal) {
	for _, r := range refs {
		switch {
		case r.Func != "":
			ref = j.CheckFunction(r, value, s, func(refs []schema.Ref, v string) *message.Refusal { return j.agreesAny(s, refs, v) })
		case j.AgreesRef(r, value):
			ref = nil
		default:
			ref = otherValue
		}
		if ref == nil {
			return nil
		}
	}
	return ref
}

func (j *Judge) AgreesRef(ref schema.Ref, value string) bool {
	switch ref.Name {
	case "":
		return value == ref.Literal
	case "oauth_client_id":
		return message.Same(value, j.Integration.OAuthClientID)
	case "oauth_client_secret":
		return message.Same(value, j.Integration.OAuthClientSecret.Reveal())
	case "app_api_key":
		return message.Same(value, j.Integration.AppAPIKey.Reveal())
	case "key_fingerprint":
		key, err := j.SigningKey()
		want, ok := signingkey.Fingerprint(key)
		return err == nil && ok && value == want
	}
	namespace, field, _ := strings.Cut(ref.Name, ".")
	switch namespace {
	case "credentials":
		return value != "" && FitsField(j.Integration.Credentials[field], value)
	case "connection":
		return value != "" && FitsField(j.Integration.Connection[field].Field, value)
	}
	return value != ""
}

// Optional reports whether the value may be absent because a field of the
// connection that it needs may be.
func (j *Judge) Optional(f ValueForm) bool {
	return slices.ContainsFunc(f.Names(), func(name string) bool {
		namespace, field, _ := strings.Cut(name, ".")
		switch namespace {
		case "connection":
			return j.Integration.Connection[field].Optional
		case "credentials":
			return j.Integration.Credentials[field].Optional
		}
		return false
	})
}
