package rest

import (
	"encoding/json"
	"hash/fnv"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/credentials"
	"github.com/nango-lite/nango-lite/server/internal/tags"
)

// A listedConnection is one of a list, as Nango's clients read it. It holds nothing
// that grants access.
type listedConnection struct {
	ID           int64             `json:"id"`
	ConnectionID string            `json:"connection_id"`
	Integration  string            `json:"provider_config_key"`
	Provider     string            `json:"provider"`
	Errors       []connectionError `json:"errors"`
	EndUser      *tags.User        `json:"end_user"`
	Tags         map[string]string `json:"tags"`
	Metadata     map[string]any    `json:"metadata"`
	Created      time.Time         `json:"created"`
}

// A connectionError says that the user has to connect again.
type connectionError struct {
	Type  string `json:"type"`
	LogID string `json:"log_id"`
}

func (h *Connections) listed(c *engine.Connection) listedConnection {
	l := listedConnection{
		ID: numberOf(c.Key), ConnectionID: c.Key.ConnectionID, Integration: c.Key.Integration, Provider: h.Provider(c.Key.Integration),
		Errors: []connectionError{}, EndUser: tags.UserOf(c.Tags), Tags: map[string]string{}, Metadata: map[string]any{}, Created: c.CreatedAt,
	}
	if c.Tags != nil {
		l.Tags = c.Tags
	}
	if c.Status == engine.StatusNeedsReauthorization {
		l.Errors = append(l.Errors, connectionError{Type: "auth"})
	}
	if c.Metadata != nil {
		l.Metadata = c.Metadata
	}
	return l
}

// numberOf returns a number for a connection, as Nango's clients want one. It is the same
// each time, and small enough for a number of JavaScript's.
func numberOf(k engine.Key) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(k.Integration + "\x00" + k.ConnectionID))
	return int64(h.Sum64() & (1<<53 - 1))
}

// A shownConnection is what GET /connections/{id} answers.
type shownConnection struct {
	listedConnection
	Config      map[string]string `json:"connection_config"`
	Webhook     any               `json:"webhook_url_override"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
	FetchedAt   time.Time         `json:"last_fetched_at"`
	Credentials map[string]any    `json:"credentials"`
}

// MarshalJSON leaves out what only lists have.
func (c shownConnection) MarshalJSON() ([]byte, error) {
	type plain shownConnection // without this method
	b, err := json.Marshal(plain(c))
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return nil, err
	}
	delete(members, "created")
	return json.Marshal(members)
}

// answerWith answers with a connection, and its credentials if given is true.
func (h *Connections) answerWith(w *answer.Writer, status int, c *engine.Connection, given, withRefresh bool) {
	shown := shownConnection{
		listedConnection: h.listed(c), Config: map[string]string{}, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, FetchedAt: h.Now().UTC(),
		Credentials: map[string]any{"type": credentials.Type(c.Credentials.Type)},
	}
	if c.Fields != nil {
		shown.Config = c.Fields
	}
	if given {
		shown.Credentials = credentials.Show(c, withRefresh)
	}
	w.JSON(status, shown)
}
