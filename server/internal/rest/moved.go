package rest

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/credentials"
	"github.com/nango-lite/nango-lite/server/internal/tags"
)

// A Moved connection is one of another server's, as GET /connections/{id} of Nango and of
// this server shows it, with its credentials.
type Moved struct {
	Credentials engine.Credentials
	Options     *engine.ConnectOptions
	Dropped     []string // members of connection_config and credentials that the integration does not declare
}

// ReadMoved reads a connection of another server for an integration of ours. The error
// quotes no value.
func ReadMoved(in *schema.Integration, shown []byte) (*Moved, error) {
	var c struct {
		Credentials map[string]json.RawMessage `json:"credentials"`
		Config      map[string]any             `json:"connection_config"`
		Metadata    map[string]any             `json:"metadata"`
		Tags        map[string]string          `json:"tags"`
		EndUser     *struct {
			tags.EndUser
			Organization *tags.Organization `json:"organization"`
		} `json:"end_user"`
	}
	if json.Unmarshal(shown, &c) != nil || c.Credentials == nil {
		return nil, errors.New("the answer is no connection with its credentials")
	}
	m := &Moved{Options: &engine.ConnectOptions{Imported: true, Metadata: c.Metadata, Fields: map[string]string{}}}
	for name, v := range c.Config {
		text, isText := v.(string)
		if f, ok := in.Connection[name]; ok && isText && text != "" && (f.From != schema.FromRequest || f.IsChoice()) {
			m.Options.Fields[name] = text
		} else if v != nil && !ok {
			m.Dropped = append(m.Dropped, "connection_config."+name)
		}
	}
	m.dropUnknown(in, c.Credentials)
	var user *tags.EndUser
	var org *tags.Organization
	if c.EndUser != nil && c.EndUser.ID != "" {
		user, org = &c.EndUser.EndUser, c.EndUser.Organization
	}
	var err error
	if m.Options.Tags, err = tags.Of(user, org, c.Tags); err != nil {
		return nil, err
	}
	m.Credentials, err = credentials.Read(in.Auth.AuthMode, c.Credentials)
	return m, err
}

// dropUnknown removes the members of credentials that nothing here has a place for.
func (m *Moved) dropUnknown(in *schema.Integration, members map[string]json.RawMessage) {
	known := []string{"type", "raw", "expires_at", "access_token", "refresh_token", "token", "oauth_token", "oauth_token_secret"}
	for _, name := range in.UserCredentials() {
		known = append(known, credentials.Name(name))
	}
	if in.ClientByConnection() {
		known = append(known, "config_override")
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if slices.Contains(known, name) {
			continue
		}
		if string(members[name]) != "null" {
			m.Dropped = append(m.Dropped, "credentials."+name)
		}
		delete(members, name)
	}
	slices.Sort(m.Dropped)
}
