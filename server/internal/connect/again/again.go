// Package again makes links by which a user connects once more: for a connection whose
// grant has ended, or that is not there yet. Whoever has such a link can connect that one
// connection, and nothing else. Start with [Links.For].
package again

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/session"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/server/internal/page"
	"github.com/nango-lite/nango-lite/store/record"
)

// Route is where a link leads.
const Route = "/connect/again"

const (
	recordKind = "connect_link"
	life       = 24 * time.Hour
	freshFor   = time.Hour // after which another link is made
	mostKept   = 10_000    // links that a server remembers
)

// Engine is what Links need of an engine.
type Engine interface {
	Connection(ctx context.Context, k engine.Key) (*engine.Connection, error)
	Describe(name string) (*engine.Description, error)
}

// Links makes links, and sends those who follow one on their way. It is safe for
// concurrent use.
type Links struct {
	Engine   Engine
	Records  record.Store
	Sessions *session.Sessions
	Teller   *result.Teller
	Site     *site.Site
	Now      func() time.Time

	mu   sync.Mutex
	made map[engine.Key]made // so that a program that asks all the time costs the store one record an hour
}

type made struct {
	url  string
	when time.Time
}

// For returns a link for a connection, which works for a day. It is empty if there can be
// none: the server does not know its own address, there is no such integration, or the store is away.
func (l *Links) For(ctx context.Context, k engine.Key) string {
	if !l.Site.Known() || k.Check() != nil {
		return ""
	}
	if _, err := l.Engine.Describe(k.Integration); err != nil {
		return ""
	}
	now := l.Now()
	l.mu.Lock()
	known, ok := l.made[k]
	l.mu.Unlock()
	if ok && now.Sub(known.when) < freshFor {
		return known.url
	}
	token := rand.Text()
	sealed, err := json.Marshal(k)
	if err == nil {
		err = l.Records.CreateRecord(ctx, &record.Record{Kind: recordKind, ID: ident.Hash(token), Sealed: sealed, ExpiresAt: now.Add(life)})
	}
	if err != nil {
		return ""
	}
	url := l.Site.URL(Route + "?link=" + token)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made == nil || len(l.made) >= mostKept {
		l.made = map[engine.Key]made{}
	}
	l.made[k] = made{url, now}
	return url
}

// Follow is GET: it makes a connect session and sends the browser to it, unless the
// connection works already.
func (l *Links) Follow(w *answer.Writer) {
	ctx := w.Request.Context()
	r, err := l.Records.Record(ctx, recordKind, ident.Hash(form.Parse(w.Request.URL.RawQuery).Get("link")))
	var k engine.Key
	if err == nil && l.Now().After(r.ExpiresAt) {
		err = record.ErrNone
	}
	if err == nil {
		err = json.Unmarshal(r.Sealed, &k)
	}
	switch {
	case errors.Is(err, record.ErrNone):
		l.Teller.Fail(w, fault.New(http.StatusNotFound, "unknown_link", "this link has ended, or there is none like it; ask for another"))
		return
	case err != nil:
		l.Teller.Fail(w, fault.OfStore(err))
		return
	}
	w.Connection = k
	c, err := l.Engine.Connection(ctx, k)
	if err == nil && c.Status == engine.StatusActive {
		page.Show(w, l.Site.Look(), page.Page{Status: http.StatusOK, Title: "Connected", Text: "There is nothing to do: the access works. You can close this window."})
		return
	}
	to, err := l.Sessions.Open(ctx, &session.Session{
		ConnectionID: k.ConnectionID, Allowed: []string{k.Integration}, Reconnect: engine.ErrorKind(err) != engine.KindNotFound, APIKey: "link",
	})
	if err != nil {
		l.Teller.Fail(w, fault.StoreAway())
		return
	}
	page.NoStore(w.Header())
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
