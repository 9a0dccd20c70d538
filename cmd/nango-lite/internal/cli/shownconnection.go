package cli

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A shownConnection is what may be seen of a connection: no token, no key, no
// secret field, nothing of the raw token answer.
type shownConnection struct {
	Integration  string            `json:"integration"`
	ConnectionID string            `json:"connection_id"`
	Status       engine.Status     `json:"status"`
	Reason       string            `json:"reason,omitempty"`
	Warning      string            `json:"warning,omitempty"` // what is amiss although it works
	AuthMode     schema.AuthMode   `json:"auth_mode,omitempty"`
	Issuer       string            `json:"issuer,omitempty"` // the server that was found to authorise its user
	Scopes       []string          `json:"scopes,omitempty"`
	Refreshable  bool              `json:"refreshable"`
	MadeFor      string            `json:"made_for,omitempty"` // the origin that its credentials may go to
	ExpiresAt    *time.Time        `json:"expires_at,omitempty"`
	Fields       map[string]string `json:"fields,omitempty"`
	Open         []string          `json:"open,omitempty"` // fields that are still to be chosen or looked up
	Metadata     map[string]any    `json:"metadata,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
	CreatedAt    time.Time         `json:"created_at,omitzero"`
	advice       string            // on what cannot be read
	UpdatedAt    time.Time         `json:"updated_at,omitzero"`
}

func shownConnectionOf(c *engine.Connection) shownConnection {
	t := &c.Credentials.Token
	s := shownConnection{
		Integration: c.Key.Integration, ConnectionID: c.Key.ConnectionID, Status: c.Status, Reason: c.Reason, Warning: c.Warning,
		AuthMode: c.Credentials.Type, Scopes: t.Scopes, Refreshable: !t.RefreshToken.Empty(),
		Fields: c.Fields, Metadata: c.Metadata, Tags: c.Tags, CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
	}
	if r := &c.Credentials.Registration; c.Credentials.Type == schema.MCPOAuth2 {
		s.Issuer = r.Issuer
	}
	if strings.Contains(c.MadeFor.Origin, "://") { // else it is a sum of what may be secret
		s.MadeFor = c.MadeFor.Origin
	}
	if !t.ExpiresAt.IsZero() {
		at := t.ExpiresAt.UTC()
		s.ExpiresAt = &at
	}
	return s
}

// statusUnreadable is shown for what is stored and cannot be read.
const statusUnreadable = "unreadable"

func unreadableConnection(u *connection.UnreadableError) shownConnection {
	advice := "connect again, or remove it"
	if errors.Is(u, connection.ErrUnknownKey) {
		advice = "give the key back, " + advice
	}
	return shownConnection{Integration: u.Key.Integration, ConnectionID: u.Key.ConnectionID, Status: statusUnreadable, Reason: u.Error(), advice: advice}
}

// trouble says how far ahead s stands in a list: what needs its user comes first.
func (s shownConnection) trouble() int {
	switch s.Status {
	case engine.StatusNeedsReauthorization:
		return 0
	case statusUnreadable:
		return 1
	}
	return 2
}

// rows is s for a person.
func (s shownConnection) rows() [][]string {
	rows := [][]string{
		{"integration", s.Integration},
		{"connection", s.ConnectionID},
		{"status", string(s.Status)},
	}
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, []string{name, text})
		}
	}
	add("reason", s.Reason)
	add("warning", s.Warning)
	add("auth mode", string(s.AuthMode))
	add("authorised by", s.Issuer)
	add("made for", s.MadeFor)
	add("scopes", strings.Join(s.Scopes, " "))
	if s.ExpiresAt != nil {
		add("token until", when(*s.ExpiresAt))
	}
	if s.AuthMode.Codes() {
		add("refreshable", map[bool]string{true: "yes", false: "no"}[s.Refreshable])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		add(name, s.Fields[name])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Tags)) {
		add("tag "+name, s.Tags[name])
	}
	add("still open", strings.Join(s.Open, ", "))
	add("created", when(s.CreatedAt))
	add("updated", when(s.UpdatedAt))
	return rows
}

func whenever(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return when(*t)
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateTime + "Z")
}
