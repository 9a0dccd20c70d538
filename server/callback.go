package server

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
)

// exchangeTimeout is how long the end of a flow may take. It does not end with the
// request: a browser that is closed would else cost the code, which counts once.
const exchangeTimeout = 90 * time.Second

// callback is where providers send browsers back to: /oauth/callback, and one below it
// for each integration.
func (s *Server) callback(x *exchange) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), exchangeTimeout)
	defer cancel()
	answer, err := callbackValues(x, s.opts.MaxBodyBytes)
	if err != nil {
		s.tell(x, destination{}, result{err: err})
		return
	}
	state := s.engine.CallbackState(answer)
	if state == "" {
		s.callbackWithoutState(x, answer)
		return
	}
	id := recordID(state)
	f, err := s.takeFlow(ctx, flowKind, id)
	if err != nil {
		s.tell(x, destination{}, result{err: err})
		return
	}
	r := result{key: f.Key}
	if !s.sameBrowser(x.r, id, f) {
		r.err = connectErrorf(http.StatusBadRequest, "state_cookie_err", "this browser has not begun the authorization, or it began at another address of this server")
		f.To.Redirect, f.To.Origin = "", "" // whoever this is, it is not whom the rest was for
		s.tell(x, f.To, r)
		return
	}
	s.setCookie(x, id, "", false)
	c, failed := s.exchange(ctx, x, f, answer)
	if failed != nil {
		r.err = failed
		s.tell(x, f.To, r)
		return
	}
	s.connected(ctx, x, f, c)
}

// callbackValues are the parameters of a callback, from the query, or from the body of a
// form that the provider's page posts.
func callbackValues(x *exchange, most int64) (url.Values, *connectError) {
	if x.r.Method != http.MethodPost {
		return form.Parse(x.r.URL.RawQuery), nil
	}
	if media, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, connectErrorf(http.StatusUnsupportedMediaType, "callback_err", "a callback that is posted is a form")
	}
	text, err := readShort(x, most)
	if err != nil {
		return nil, connectErrorf(http.StatusBadRequest, "callback_err", "the form cannot be read, or is too large")
	}
	return form.Parse(text), nil
}

// exchange makes the connection of a flow, if it may still be made.
func (s *Server) exchange(ctx context.Context, x *exchange, f *flow, answer url.Values) (*engine.Connection, *connectError) {
	if err := s.stillAllowed(ctx, f); err != nil {
		return nil, err
	}
	p, err := engine.OpenPending(f.Pending, asStored{})
	if err != nil {
		return nil, connectErrorOf(err, consentFailures)
	}
	at, err := url.Parse(s.public.EscapedPath() + x.r.URL.EscapedPath())
	if err != nil {
		return nil, connectErrorf(http.StatusBadRequest, "callback_err", "the callback's address cannot be read")
	}
	at.RawQuery = answer.Encode()
	c, err := s.engine.ExchangeAt(ctx, p, at)
	if err != nil {
		return nil, connectErrorOf(err, consentFailures)
	}
	return c, nil
}

// stillAllowed says if the session that a flow began with has been ended, or has made its
// connection meanwhile. One that has run out since is no matter: the flow has a time of
// its own.
func (s *Server) stillAllowed(ctx context.Context, f *flow) *connectError {
	if f.Session == "" {
		return nil
	}
	session, err := s.sessionRecord(ctx, f.Session)
	if err != nil {
		return err
	}
	return session.may(f.Key.Integration)
}

// connected goes on with a connection that has just been made: to what is still to be
// chosen, or to the end.
func (s *Server) connected(ctx context.Context, x *exchange, f *flow, c *engine.Connection) {
	if f.Session != "" {
		if err := s.sessionHasMade(ctx, f.Session, f.Key.Integration); err != nil && s.opts.Logger != nil {
			s.opts.Logger.WarnContext(ctx, "a connect session could not be noted as used", "integration", f.Key.Integration, "connection", f.Key.ConnectionID)
		}
	}
	open, err := s.engine.OpenFields(c)
	if err == nil && len(open) > 0 && s.choose(ctx, x, f, c, "") {
		return
	}
	s.tell(x, f.To, result{key: f.Key, pending: len(open) > 0})
}

// callbackWithoutState answers a callback that says of no flow. A refusal ends the
// browser's flow of that integration, so that nobody waits for it; a code is worth
// nothing.
func (s *Server) callbackWithoutState(x *exchange, answer url.Values) {
	refused := connectErrorf(http.StatusBadRequest, "state_err", "the callback does not say which authorization it belongs to (it has no state)")
	if !refusal(answer) {
		s.tell(x, destination{}, result{err: refused})
		return
	}
	refused = connectErrorf(http.StatusBadRequest, "callback_err", "the provider did not grant the authorization, and did not say which (it sent no state)")
	if f := s.onlyFlow(x); f != nil {
		refused.status = http.StatusOK
		s.tell(x, f.To, result{key: f.Key, err: refused})
		return
	}
	s.tell(x, destination{}, result{err: refused})
}

func refusal(answer url.Values) bool {
	return answer.Get("error") != "" || answer.Has("denied") || answer.Get("oauth_problem") != ""
}

// onlyFlow takes the flow of a browser that has just one of the callback's integration.
func (s *Server) onlyFlow(x *exchange) *flow {
	name := x.r.PathValue("integration")
	var found []string
	for _, id := range s.flowsOf(x.r) {
		r, err := s.opts.Records.Record(x.r.Context(), flowKind, id)
		f, unknown := s.flowIn(r, err)
		if unknown == nil && s.sameBrowser(x.r, id, f) && (name == "" || name == f.Key.Integration) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		return nil
	}
	f, err := s.takeFlow(x.r.Context(), flowKind, found[0])
	if err != nil {
		return nil
	}
	s.setCookie(x, found[0], "", false)
	return f
}
