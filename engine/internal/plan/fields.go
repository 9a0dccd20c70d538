package plan

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// CredentialField returns a credential as it is declared, with a title.
func (in *Integration) CredentialField(name string) schema.Field {
	return Titled(in.Auth.OwnField(name, in.Credentials[name]), name)
}

// Titled returns f with a title, made from its name if it has none.
func Titled(f schema.Field, name string) schema.Field {
	if f.Title == "" {
		f.Title = schema.TitleOf(name)
	}
	return f
}

// CheckFields checks the connection fields that the user typed against what is
// declared, fills defaults, and parts secrets from the rest. Names of secrets
// carry the prefix "connection.", as in Credentials.Fields.
func (in *Integration) CheckFields(op string, k connection.Key, given map[string]string) (map[string]string, map[string]schema.Secret, error) {
	for name := range given {
		if f, ok := in.Connection[name]; !ok || f.From != schema.FromUser && !f.IsChoice() {
			return nil, nil, &fault.Error{Op: op, Key: k, Kind: fault.KindClient, Detail: "the integration declares no connection field " + strconv.Quote(name) + " for the user"}
		}
	}
	fields := map[string]string{}
	secrets := map[string]schema.Secret{}
	for name, f := range in.Connection {
		if f.From != schema.FromUser && !(f.IsChoice() && given[name] != "") {
			continue
		}
		v, err := in.CheckField(op, k, "connection", name, f.Field, given[name])
		if err != nil {
			return nil, nil, err
		}
		switch {
		case v == "":
		case f.Secret:
			secrets["connection."+name] = schema.NewSecret(v)
		default:
			fields[name] = v
		}
	}
	return fields, secrets, nil
}

// CheckCredentials checks what the user typed as credentials before being
// sent to consent.
func (in *Integration) CheckCredentials(op string, k connection.Key, given map[string]schema.Secret) (map[string]schema.Secret, error) {
	names := in.UserCredentials()
	for name := range given {
		if !slices.Contains(names, name) {
			return nil, &fault.Error{Op: op, Key: k, Kind: fault.KindClient, Detail: "the integration declares no credential " + strconv.Quote(name)}
		}
	}
	out := map[string]schema.Secret{}
	for _, name := range names {
		text, err := in.CheckField(op, k, "credentials", name, in.CredentialField(name), given[name].Reveal())
		if err != nil {
			return nil, err
		}
		if text != "" {
			out[name] = schema.NewSecret(text)
		}
	}
	return out, nil
}

// CheckField returns v, or the default, if it is as f declares.
func (in *Integration) CheckField(op string, k connection.Key, namespace, name string, f schema.Field, v string) (string, error) {
	if v == "" {
		v = f.Default
	}
	if v == "" {
		if f.Optional {
			return "", nil
		}
		return "", &fault.Error{Op: op, Key: k, Kind: fault.KindClient, Detail: namespace + "." + name + " is missing"}
	}
	if reason := Misfit(f, in.Parsed.Patterns[namespace+"."+name], v); reason != "" {
		return "", &fault.Error{Op: op, Key: k, Kind: fault.KindClient, Detail: namespace + "." + name + " " + reason}
	}
	return v, nil
}

var (
	hostnamePattern = lazyregexp.New(`^([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+(:[0-9]{1,5})?$`)
	uuidPattern     = lazyregexp.New(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// Misfit says what is wrong with v, or "". It does not quote v, which may be a
// secret.
func Misfit(f schema.Field, pattern *regexp.Regexp, v string) string {
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, v) {
		return "must be one of " + strings.Join(f.Enum, ", ")
	}
	if pattern != nil && !pattern.MatchString(v) {
		if strings.TrimSpace(v) != v {
			return "begins or ends with a space"
		}
		reason := "does not have the declared form"
		if f.Example != "" {
			reason += "; an example is " + f.Example
		}
		return reason
	}
	ok := true
	switch f.Format {
	case "hostname":
		ok = hostnamePattern().MatchString(v)
	case "uri":
		u, err := url.Parse(v)
		ok = err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
	case "email":
		_, err := mail.ParseAddress(v)
		ok = err == nil
	case "uuid":
		ok = uuidPattern().MatchString(v)
	case "private_key":
		if reason := signingkey.Readable(v); reason != nil {
			return "cannot be used: " + reason.Error()
		}
	case "integer":
		_, err := strconv.ParseInt(v, 10, 64)
		ok = err == nil
	}
	switch {
	case ok:
		return ""
	case f.Format == "uri":
		return "is not a valid URL: it begins with https:// or http://"
	case f.Format == "integer":
		return "is not a whole number"
	}
	return "is not a valid " + f.Format
}
