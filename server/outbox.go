package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/record"
)

const (
	webhookKind  = "webhook"
	webhookKeep  = 72 * time.Hour   // after which a message that nobody takes is given up
	webhookOnce  = 24 * time.Hour   // within which an outage is told once
	webhookQueue = 2 * time.Second  // within which a message has to be in the store
	webhookClaim = 45 * time.Second // longer than a delivery takes
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
	At           time.Time         `json:"at"` // beside what Nango says
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

// A queued message waits in the store until it is delivered.
type queued struct {
	Attempts int             `json:"attempts"`
	Done     bool            `json:"done,omitempty"`
	Body     json.RawMessage `json:"body,omitempty"`
}

func (s *Server) messageOf(c *engine.Connection, operation string) message {
	m := message{
		From: "nango", Type: "auth", ConnectionID: c.Key.ConnectionID, AuthMode: credentialType(c.Credentials.Type), Integration: c.Key.Integration,
		Provider: s.provider(c.Key.Integration), Environment: "default", Operation: operation, Success: true, Tags: c.Tags, At: s.opts.Now().UTC(),
	}
	if m.Tags == nil {
		m.Tags = map[string]string{}
	}
	if u := userOf(c.Tags); u != nil {
		m.EndUser = &messageUser{ID: u.ID, Email: u.Email}
		if u.Organization != nil {
			m.EndUser.OrgID, m.EndUser.OrgName = u.Organization.ID, u.Organization.DisplayName
		}
	}
	return m
}

// changed queues what a change of a connection is to be told as.
func (s *Server) changed(ctx context.Context, ch engine.Change) {
	c := ch.Connection
	switch {
	case ch.Kind == engine.EventRevoke:
		if c = ch.Removed; c == nil {
			c = &engine.Connection{Key: ch.Key}
		}
		s.queue(ctx, record.NewVersion(), s.messageOf(c, "deletion"))
	case c == nil:
	case ch.Kind == engine.EventStatus && c.Status == engine.StatusNeedsReauthorization:
		m := s.messageOf(c, "refresh")
		m.Success, m.Error = false, &messageError{"needs_reauthorization", c.Reason}
		s.queue(ctx, c.Generation, m)
	case ch.Kind == engine.EventConnect || ch.Kind == engine.EventExchange:
		operation := "creation"
		if c.CreatedAt.Before(c.UpdatedAt) {
			operation = "override"
		}
		s.queue(ctx, record.NewVersion(), s.messageOf(c, operation))
	}
}

// refreshFailed queues that a connection cannot be used because its token has ended and
// there is no other to be had just now. It is told once for each token, by whichever
// server finds out first.
func (s *Server) refreshFailed(ctx context.Context, ev engine.Event) {
	if ev.Kind != engine.EventRefresh || ev.Err == nil {
		return
	}
	switch engine.ErrorKind(ev.Err) {
	case engine.KindReauthorize, engine.KindNotFound: // told as what it is
		return
	}
	ctx = context.WithoutCancel(ctx)
	s.told.Go(func() { // a refresh waits for nobody
		ctx, cancel := context.WithTimeout(ctx, webhookQueue)
		defer cancel()
		c, err := s.engine.Connection(ctx, ev.Key)
		if err != nil || c.Status != engine.StatusActive {
			return
		}
		if ends := c.Credentials.Token.ExpiresAt; ends.IsZero() || ends.After(s.opts.Now()) {
			return
		}
		m := s.messageOf(c, "refresh")
		m.Success, m.Error = false, &messageError{"refresh_failed", ev.Err.Error()}
		s.queue(ctx, c.Generation, m)
	})
}

// queue puts a message into the store. Of those that are the same, one is kept.
func (s *Server) queue(ctx context.Context, same int64, m message) {
	if s.hook == nil {
		return
	}
	body, err := json.Marshal(m)
	if err == nil {
		var text []byte
		if text, err = json.Marshal(queued{Body: body}); err == nil {
			err = s.enqueue(ctx, messageID(m, same), text)
		}
	}
	if err != nil && s.opts.Logger != nil {
		s.opts.Logger.Error("a webhook is lost, for the store did not take it", "integration", m.Integration, "connection", m.ConnectionID, "operation", m.Operation)
	}
}

func (s *Server) enqueue(ctx context.Context, id string, text []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), webhookQueue)
	defer cancel()
	now := s.opts.Now().UTC()
	err := s.opts.Records.CreateRecord(ctx, &record.Record{Kind: webhookKind, ID: id, Open: text, DueAt: now, ExpiresAt: now.Add(webhookKeep)})
	if errors.Is(err, record.ErrExists) {
		return nil // somebody was quicker
	}
	if err == nil {
		s.hook.wake()
	}
	return err
}

// messageID is the same for messages that say the same of the same token.
func messageID(m message, same int64) string {
	what := m.Operation
	if m.Error != nil {
		what += " " + m.Error.Type
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", m.Integration, m.ConnectionID, what, same))
	return hex.EncodeToString(sum[:16])
}
