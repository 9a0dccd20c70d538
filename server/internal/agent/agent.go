// Package agent lets agents in: it says what an API key offers them. Who speaks their
// protocol is handed to it. Start with [Agents].
package agent

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// Route is where agents are served.
const Route = "/mcp"

// mostListed is how many connections of an integration an agent is told of.
const mostListed = 50

// An Access is what an agent is offered.
type Access struct {
	Reach   []Reach
	Effects []schema.Effect // that operations may have

	// Reaches reports whether the API key reaches a connection. It decides about those
	// that an agent names itself.
	Reaches func(engine.Key) bool

	// Link returns an address where a user connects an account, or "" if there is none.
	Link func(context.Context, engine.Key) string
}

// A Reach is what is reached of an integration.
type Reach struct {
	Integration string
	Connections []string // ids
	More        bool     // there are, or may be, others that the key reaches
}

// Engine is what Agents need of an engine.
type Engine interface {
	Integrations() []*schema.Integration
	Connections(ctx context.Context, q engine.Query) (engine.Page, error)
}

// Agents are let in by API keys with the scope mcp.
type Agents struct {
	Engine Engine
	Guard  *access.Guard
	Link   func(context.Context, engine.Key) string

	// Speak serves a request of an agent that may do so; nil: there are no agents here.
	Speak func(http.ResponseWriter, *http.Request, Access)
}

// Serve serves POST /mcp.
func (a *Agents) Serve(w *answer.Writer) {
	if a.Speak == nil {
		w.Fail(http.StatusNotImplemented, "not_implemented", "this server was made without the protocol of agents")
		return
	}
	key := a.Guard.Admit(w, apikey.ScopeMCP)
	if key == nil {
		return
	}
	q, ok := input.Query(w, "integration", "connection")
	if !ok {
		return
	}
	reach, err := a.reach(w.Request.Context(), key, q)
	if err != nil {
		w.Error(err)
		return
	}
	if len(reach) == 0 && len(q) > 0 {
		w.Fail(http.StatusForbidden, "forbidden", "the API key reaches nothing of what the address names")
		return
	}
	w.Request.Body = http.MaxBytesReader(w.ResponseWriter, w.Request.Body, w.MaxBodyBytes)
	a.Speak(w, w.Request, Access{Reach: reach, Effects: key.Offers(), Reaches: key.Reaches, Link: a.Link})
}

// reach returns what a key reaches, less what the query leaves out.
func (a *Agents) reach(ctx context.Context, key *apikey.Key, q url.Values) ([]Reach, error) {
	var list []Reach
	for _, in := range a.Engine.Integrations() {
		named := q.Get("integration") == "" || q.Get("integration") == in.Name
		if len(in.Operations) == 0 || !named || !key.ReachesIntegration(in.Name) {
			continue
		}
		r := Reach{Integration: in.Name}
		if id := q.Get("connection"); id != "" {
			r.add(key, id)
		} else if err := a.all(ctx, key, &r); err != nil {
			return nil, err
		}
		if len(r.Connections) > 0 || r.More {
			list = append(list, r)
		}
	}
	return list, nil
}

// all adds the connections that the key names, and where it has a pattern those that
// there are.
func (a *Agents) all(ctx context.Context, key *apikey.Key, r *Reach) error {
	var named []string
	named, r.More = key.Of(r.Integration)
	for _, id := range named {
		r.add(key, id)
	}
	if !r.More {
		return nil
	}
	page, err := a.Engine.Connections(ctx, engine.Query{Integration: r.Integration, Limit: mostListed})
	for _, c := range page.Connections {
		r.add(key, c.Key.ConnectionID)
	}
	return err
}

// add adds a connection that the key reaches, once.
func (r *Reach) add(key *apikey.Key, id string) {
	k := engine.Key{Integration: r.Integration, ConnectionID: id}
	if k.Check() == nil && key.Reaches(k) && !slices.Contains(r.Connections, id) {
		r.Connections = append(r.Connections, id)
	}
}
