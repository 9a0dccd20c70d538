package flow

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/store/record"
)

// A Store keeps flows, and knows the browser of each by a cookie.
type Store struct {
	Records record.Store
	Secure  func() bool // whether browsers reach the server by https
}

// Begin keeps f under a kind and an id until it expires, and binds it to the browser. If
// the provider's page posts a form to us in the end, crossSite must be true.
func (s *Store) Begin(w *answer.Writer, kind Kind, id string, f *Flow, expires time.Time, crossSite bool) *fault.Error {
	secret := rand.Text()
	f.Browser = ident.Hash(secret)
	sealed, err := json.Marshal(f)
	if err == nil {
		err = s.Records.CreateRecord(w.Request.Context(), &record.Record{Kind: string(kind), ID: id, Sealed: sealed, ExpiresAt: expires})
	}
	if err != nil {
		return fault.StoreAway()
	}
	s.setCookie(w, id, secret, crossSite)
	return nil
}

// Look returns a flow, which stays in the store.
func (s *Store) Look(ctx context.Context, kind Kind, id string) (*Flow, *fault.Error) {
	r, err := s.Records.Record(ctx, string(kind), id)
	return read(r, err)
}

// Change stores f in place of the flow that Look returned. It reports false if another
// request has changed that meanwhile, at whichever server, or if the store is away.
func (s *Store) Change(ctx context.Context, f *Flow) bool {
	sealed, err := json.Marshal(f)
	if err != nil {
		return false
	}
	f.record.Sealed = sealed
	return s.Records.ReplaceRecord(ctx, f.record, f.record.Version) == nil
}

// Forget removes a flow, and the cookie of its browser.
func (s *Store) Forget(ctx context.Context, w *answer.Writer, kind Kind, id string) {
	s.ForgetBrowser(w, id)
	_ = s.Records.DeleteRecord(ctx, string(kind), id) // else it expires
}

// ForgetBrowser removes the cookie of a flow.
func (s *Store) ForgetBrowser(w *answer.Writer, id string) { s.setCookie(w, id, "", false) }

// Take takes a flow out of the store. If several requests ask for it, one gets it.
func (s *Store) Take(ctx context.Context, kind Kind, id string) (*Flow, *fault.Error) {
	r, err := s.Records.TakeRecord(ctx, string(kind), id)
	return read(r, err)
}

func read(r *record.Record, err error) (*Flow, *fault.Error) {
	f := &Flow{record: r}
	if err == nil {
		err = json.Unmarshal(r.Sealed, f)
	}
	switch {
	case errors.Is(err, record.ErrNone):
		return nil, fault.New(http.StatusBadRequest, "state_err", "this authorization is not known: it has ended, was used before, or came too late")
	case err != nil:
		return nil, fault.OfStore(err)
	}
	return f, nil
}
