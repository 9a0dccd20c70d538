package engine

import (
	"encoding/json"
	"errors"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// A Description says what a user must bring to connect, as data for a form. As JSON
// it holds nothing secret.
type Description struct {
	Integration string          `json:"integration"`
	DisplayName string          `json:"display_name"`
	AuthMode    schema.AuthMode `json:"auth_mode"`
	Consent     bool            `json:"consent"`               // the user is sent to the provider
	Device      bool            `json:"device,omitempty"`      // it can be on another device: DeviceAuth
	DeviceOnly  bool            `json:"device_only,omitempty"` // it cannot be otherwise: there is no AuthCodeURL
	Revokes     bool            `json:"revokes,omitempty"`     // the provider is told when a connection is removed
	Fields      []InputField    `json:"fields"`                // in the order to ask for them

	// Choices are the connection fields that are chosen from a list, which the provider
	// gives once there is a connection: see [Engine.Choices]. Who knows what to choose
	// may say so beforehand, like the Fields; nobody has to.
	Choices []InputField `json:"choices"`
}

// An InputField is one value that the user types.
type InputField struct {
	Name string `json:"name"` // as ConnectOptions and AuthCodeOptions take it; credentials go by their own names
	// Credential says that the value goes into [Credentials]; it is then named
	// api_key, username, password, or as the blueprint declares it.
	Credential bool `json:"credential,omitempty"`
	Choice     bool `json:"choice,omitempty"` // one of [Engine.Choices]
	schema.Field
}

// MarshalJSON leaves out the default of a secret, which then need not be typed.
func (f InputField) MarshalJSON() ([]byte, error) {
	type plain InputField
	if f.Secret && f.Default != "" {
		f.Default, f.Optional = "", true
	}
	return json.Marshal(plain(f))
}

// Check says why v cannot be the field's value, as a phrase to stand after its
// title, such as "must be one of eu, us"; nil if it can. It never quotes v. [Engine.Connect]
// and [Engine.AuthCodeURL] check again.
func (f InputField) Check(v string) error {
	if v == "" {
		if f.Optional || f.Default != "" {
			return nil
		}
		return errors.New("is missing")
	}
	var pattern *regexp.Regexp
	if f.Pattern != "" {
		pattern, _ = regexp.Compile(`^(?:` + f.Pattern + `)$`) // New has compiled it before
	}
	if reason := misfit(f.Field, pattern, v); reason != "" {
		return errors.New(reason)
	}
	return nil
}

// Describe says what a user must bring to connect to an integration.
func (e *Engine) Describe(name string) (*Description, error) {
	in, err := e.integration(name)
	if err != nil {
		return nil, err
	}
	d := &Description{Integration: name, DisplayName: in.DisplayName, AuthMode: in.Auth.AuthMode, Consent: in.Auth.AuthMode.Consents(), Fields: []InputField{}, Choices: []InputField{}}
	d.DeviceOnly, d.Revokes = in.Auth.DeviceOnly(), in.Auth.RevocationURL != ""
	d.Device = d.Consent && in.Auth.DeviceAuthorizationURL != ""
	if d.DisplayName == "" {
		d.DisplayName = name
	}
	for _, key := range in.ConnectionNames() {
		switch f := in.Connection[key]; {
		case f.From == schema.FromUser:
			d.Fields = append(d.Fields, in.connectionInput(key))
		case f.IsChoice():
			d.Choices = append(d.Choices, in.connectionInput(key))
		}
	}
	for _, key := range in.credentialNames() {
		d.Fields = append(d.Fields, InputField{Name: key, Credential: true, Field: in.credentialField(key)})
	}
	return d, nil
}

func (in *integration) connectionInput(name string) InputField {
	f := in.Connection[name]
	return InputField{Name: name, Choice: f.IsChoice(), Field: titled(f.Field, name)}
}

// credentialNames returns what the user types as credentials, the mode's own
// first.
func (in *integration) credentialNames() []string { return in.UserCredentials() }

func (in *integration) credentialField(name string) schema.Field {
	return titled(in.Auth.OwnField(name, in.Credentials[name]), name)
}

func titled(f schema.Field, name string) schema.Field {
	if f.Title == "" {
		f.Title = schema.TitleOf(name)
	}
	return f
}

// checkFields checks the connection fields that the user typed against what is
// declared, fills defaults, and parts secrets from the rest. Names of secrets
// carry the prefix "connection.", as in Credentials.Fields.
func (in *integration) checkFields(op string, k Key, given map[string]string) (map[string]string, map[string]schema.Secret, error) {
	for name := range given {
		if f, ok := in.Connection[name]; !ok || f.From != schema.FromUser && !f.IsChoice() {
			return nil, nil, &Error{Op: op, Key: k, Kind: KindClient, Detail: "the integration declares no connection field " + strconv.Quote(name) + " for the user"}
		}
	}
	fields := map[string]string{}
	secrets := map[string]schema.Secret{}
	for name, f := range in.Connection {
		if f.From != schema.FromUser && !(f.IsChoice() && given[name] != "") {
			continue
		}
		v, err := in.checkField(op, k, "connection", name, f.Field, given[name])
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

// checkConsentCredentials checks what the user typed as credentials before being
// sent to consent.
func (in *integration) checkConsentCredentials(op string, k Key, given map[string]schema.Secret) (map[string]schema.Secret, error) {
	names := in.UserCredentials()
	for name := range given {
		if !slices.Contains(names, name) {
			return nil, &Error{Op: op, Key: k, Kind: KindClient, Detail: "the integration declares no credential " + strconv.Quote(name)}
		}
	}
	out := map[string]schema.Secret{}
	for _, name := range names {
		text, err := in.checkField(op, k, "credentials", name, in.credentialField(name), given[name].Reveal())
		if err != nil {
			return nil, err
		}
		if text != "" {
			out[name] = schema.NewSecret(text)
		}
	}
	return out, nil
}

// checkField returns v, or the default, if it is as f declares.
func (in *integration) checkField(op string, k Key, namespace, name string, f schema.Field, v string) (string, error) {
	if v == "" {
		v = f.Default
	}
	if v == "" {
		if f.Optional {
			return "", nil
		}
		return "", &Error{Op: op, Key: k, Kind: KindClient, Detail: namespace + "." + name + " is missing"}
	}
	if reason := misfit(f, in.auth.patterns[namespace+"."+name], v); reason != "" {
		return "", &Error{Op: op, Key: k, Kind: KindClient, Detail: namespace + "." + name + " " + reason}
	}
	return v, nil
}

var (
	hostnamePattern = regexp.MustCompile(`^([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+(:[0-9]{1,5})?$`)
	uuidPattern     = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// misfit says what is wrong with v, or "". It does not quote v, which may be a
// secret.
func misfit(f schema.Field, pattern *regexp.Regexp, v string) string {
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
		ok = hostnamePattern.MatchString(v)
	case "uri":
		u, err := url.Parse(v)
		ok = err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
	case "email":
		_, err := mail.ParseAddress(v)
		ok = err == nil
	case "uuid":
		ok = uuidPattern.MatchString(v)
	case "private_key":
		if reason := signingkey.Readable(v); reason != nil {
			return "cannot be used: " + reason.Error()
		}
	case "integer":
		_, err := strconv.ParseInt(v, 10, 64)
		ok = err == nil
	}
	if !ok {
		return "is not a valid " + f.Format
	}
	return ""
}
