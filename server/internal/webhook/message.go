package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/credentials"
	"github.com/nango-lite/nango-lite/server/internal/tags"
)

// A message is what the product is told of a connection, as Nango's clients read it.
type message struct {
	From         string            `json:"from"` // nango
	Type         string            `json:"type"` // auth
	ConnectionID string            `json:"connectionId"`
	AuthMode     string            `json:"authMode"`
	Integration  string            `json:"providerConfigKey"`
	Provider     string            `json:"provider"`
	Environment  string            `json:"environment"`
	Operation    string            `json:"operation"` // creation, override, refresh or deletion
	Success      bool              `json:"success"`
	Tags         map[string]string `json:"tags"`
	EndUser      *messageUser      `json:"endUser,omitempty"`
	Error        *messageError     `json:"error,omitempty"`
	At           time.Time         `json:"at"` // Nango has no such member
}

type messageUser struct {
	ID      string  `json:"endUserId"`
	Email   *string `json:"endUserEmail,omitempty"`
	OrgID   string  `json:"organizationId,omitempty"`
	OrgName *string `json:"organizationDisplayName,omitempty"`
}

type messageError struct {
	Type        string `json:"type"` // needs_reauthorization or refresh_failed
	Description string `json:"description"`
}

func (o *Outbox) messageOf(c *engine.Connection, operation string) message {
	m := message{
		From: "nango", Type: "auth", ConnectionID: c.Key.ConnectionID, AuthMode: credentials.Type(c.Credentials.Type), Integration: c.Key.Integration,
		Provider: o.Provider(c.Key.Integration), Environment: "default", Operation: operation, Success: true, Tags: c.Tags, At: o.Now().UTC(),
	}
	if m.Tags == nil {
		m.Tags = map[string]string{}
	}
	if u := tags.UserOf(c.Tags); u != nil {
		m.EndUser = &messageUser{ID: u.ID, Email: u.Email}
		if u.Organization != nil {
			m.EndUser.OrgID, m.EndUser.OrgName = u.Organization.ID, u.Organization.DisplayName
		}
	}
	return m
}

// id is the same for messages that say the same of the same state of a connection, which
// same stands for: its generation, or a new number if the message is not to be compared.
func (m *message) id(same int64) string {
	what := m.Operation
	if m.Error != nil {
		what += " " + m.Error.Type
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", m.Integration, m.ConnectionID, what, same))
	return hex.EncodeToString(sum[:16])
}
