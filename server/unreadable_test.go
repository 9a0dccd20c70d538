package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// A damagedStore has two connections that cannot be read: one was damaged, the other's key is
// not at hand.
type damagedStore struct{ connection.MemoryStore }

var damage = map[string]error{
	"damaged": fmt.Errorf("open connection tides/damaged: sealed data does not open"),
	"keyless": fmt.Errorf("open connection tides/keyless: %w", connection.ErrUnknownKey),
}

func (s *damagedStore) List(_ context.Context, q connection.Query) (p connection.Page, _ error) {
	for _, id := range []string{"damaged", "keyless"} {
		if q.Status == "" {
			k := connection.Key{Integration: "tides", ConnectionID: id}
			p.Unreadable = append(p.Unreadable, &connection.UnreadableError{Key: k, Err: damage[id]})
		}
	}
	return p, nil
}

func (s *damagedStore) Get(_ context.Context, k connection.Key) (*connection.Connection, error) {
	if err := damage[k.ConnectionID]; err != nil {
		return nil, &connection.UnreadableError{Key: k, Err: err}
	}
	return nil, connection.ErrNoConnection
}

// What was damaged needs its user. What only lacks its key may come back: neither programs nor
// operators are told to send its user to consent.
func TestUnreadableConnectionsAreDeadOnlyIfTheyStaySo(t *testing.T) {
	s := newStage(t, nil)
	e, err := engine.New(s.config, &engine.Options{Connections: &damagedStore{}, Now: s.now})
	if err != nil {
		t.Fatal(err)
	}
	s.mount(e, &server.Options{Records: s.records, APIKey: schema.NewSecret(operator), Now: s.now, PublicURL: "http://connect.example"})
	var got struct {
		Connections []struct {
			ID     string                  `json:"connection_id"`
			Errors []struct{ Type string } `json:"errors"`
		}
	}
	if err := json.Unmarshal([]byte(s.do("GET", "/connections", nil, bearer(operator)...).body), &got); err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(got.Connections); text != "[{damaged [{auth}]} {keyless []}]" {
		t.Errorf("listed %s", text)
	}
	v := s.signedIn(operator)
	v.has(v.get("/ui"), 200, "tides/damaged cannot be read", "give it back")
	for id, link := range map[string]bool{"damaged": true, "keyless": false} {
		a := v.get("/ui/connection?integration=tides&id=" + id)
		v.has(a, 200, "State cannot be read", "Disconnect")
		if got := strings.Contains(a.text(), "Make a link"); got != link || strings.Contains(a.text(), "Verify") {
			t.Errorf("%s: a link is offered: %t, want %t", id, got, link)
		}
	}
}
