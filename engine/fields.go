package engine

import (
	"encoding/json"
	"errors"
	"regexp"

	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
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
	if reason := plan.Misfit(f.Field, pattern, v); reason != "" {
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
		d.Fields = append(d.Fields, InputField{Name: key, Credential: true, Field: in.CredentialField(key)})
	}
	return d, nil
}

func (in *integration) connectionInput(name string) InputField {
	f := in.Connection[name]
	return InputField{Name: name, Choice: f.IsChoice(), Field: plan.Titled(f.Field, name)}
}

// credentialNames returns what the user types as credentials, the mode's own
// first.
func (in *integration) credentialNames() []string { return in.UserCredentials() }
