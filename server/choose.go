package server

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
)

const (
	// chooseKind is the kind of records of flows whose user has still to choose.
	chooseKind = "connect_choose"
	chooseLife = 15 * time.Minute
)

// choose shows the user what is to be chosen of what the provider has, such as one of
// several accounts. It reports whether it has; if the choices cannot be had, the flow
// ends with fields that are open.
func (s *Server) choose(ctx context.Context, x *exchange, f *flow, c *engine.Connection, wrong string) bool {
	open, err := s.engine.OpenFields(c)
	if err != nil {
		return false
	}
	i := slices.IndexFunc(open, func(f engine.InputField) bool { return f.Choice })
	if i < 0 {
		return false
	}
	choices, err := s.engine.Choices(ctx, c.Key, open[i].Name)
	if err != nil || len(choices) == 0 {
		return false
	}
	token := rand.Text()
	kept := *f
	kept.Pending, kept.Device = "", ""
	if s.storeFlow(x, chooseKind, recordID(token), &kept, s.opts.Now().Add(chooseLife), false) != nil {
		return false
	}
	action := "/oauth/choose"
	if s.public != nil {
		action = s.public.EscapedPath() + action
	}
	x.conn = f.Key
	x.page(page{
		Status: http.StatusOK, Title: "One more step", Text: wrong,
		Form: &pageForm{Action: action, Token: token, Field: open[i].Name, Title: open[i].Title, Description: open[i].Description, Choices: choices},
	})
	return true
}

// chosen is POST /oauth/choose: what the user has chosen.
func (s *Server) chosen(x *exchange) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), exchangeTimeout)
	defer cancel()
	text, err := readShort(x, s.opts.MaxBodyBytes)
	if err != nil {
		s.tell(x, destination{}, result{err: connectErrorf(http.StatusBadRequest, "url_param_err", "the form cannot be read, or is too large")})
		return
	}
	q := form.Parse(text)
	id := recordID(q.Get("token"))
	f, unknown := s.takeFlow(ctx, chooseKind, id)
	if unknown == nil && !s.sameBrowser(x.r, id, f) {
		unknown = connectErrorf(http.StatusBadRequest, "state_cookie_err", "this browser has not begun the authorization")
	}
	if unknown != nil {
		s.tell(x, destination{}, result{err: unknown})
		return
	}
	s.setCookie(x, id, "", false)
	wrong := ""
	c, failed := s.engine.SetFields(ctx, f.Key, map[string]string{q.Get("field"): q.Get("value")})
	if failed != nil {
		if wrong = "That could not be chosen. Try again."; engine.ErrorKind(failed) != engine.KindClient {
			wrong = "The provider does not answer just now. Try again."
		}
		if c, failed = s.engine.Connection(ctx, f.Key); failed != nil {
			s.tell(x, f.To, result{key: f.Key, err: connectErrorOf(failed, consentFailures)})
			return
		}
	}
	open, _ := s.engine.OpenFields(c)
	if len(open) > 0 && s.choose(ctx, x, f, c, wrong) {
		return
	}
	s.tell(x, f.To, result{key: f.Key, pending: len(open) > 0})
}

// An openField is what is still to be chosen, for pages that ask themselves.
type openField struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Choices     []choice `json:"choices,omitempty"`
}

type choice struct {
	Value string `json:"value"`
	Title string `json:"title"`
}

// openFields is GET /connect/fields/{integration}: what the connection that a session
// has made still lacks.
func (s *Server) openFields(x *exchange) {
	k, ok := s.madeBy(x)
	if !ok {
		return
	}
	c, err := s.engine.Connection(x.r.Context(), k)
	if err != nil {
		x.failConnect(connectErrorOf(err, typedFailures))
		return
	}
	s.showOpen(x, c)
}

// setOpenFields is POST /connect/fields/{integration}.
func (s *Server) setOpenFields(x *exchange) {
	k, ok := s.madeBy(x)
	if !ok {
		return
	}
	var body struct {
		Fields map[string]string `json:"fields"`
	}
	if !s.readJSON(x, &body) {
		return
	}
	described, err := s.engine.Describe(k.Integration)
	if err == nil {
		for name := range body.Fields {
			if !slices.ContainsFunc(described.Choices, func(f engine.InputField) bool { return f.Name == name }) {
				x.fail(http.StatusBadRequest, "invalid_body", "fields has a member that is none to choose")
				return
			}
		}
	}
	c, err := s.engine.SetFields(x.r.Context(), k, body.Fields)
	if err != nil {
		x.failConnect(connectErrorOf(err, typedFailures))
		return
	}
	s.showOpen(x, c)
}

// madeBy returns the connection that the session of a request has made.
func (s *Server) madeBy(x *exchange) (engine.Key, bool) {
	k := engine.Key{Integration: x.r.PathValue("integration")}
	session := s.sessionOf(x)
	if session == nil {
		return k, false
	}
	k.ConnectionID = session.ConnectionID
	if !slices.Contains(session.Made, k.Integration) {
		x.fail(http.StatusForbidden, "forbidden", "the connect session has made no connection of this integration")
		return k, false
	}
	x.conn = k
	return k, true
}

func (s *Server) showOpen(x *exchange, c *engine.Connection) {
	open, err := s.engine.OpenFields(c)
	if err != nil {
		x.failConnect(connectErrorOf(err, typedFailures))
		return
	}
	shown := []openField{}
	for _, f := range open {
		o := openField{Name: f.Name, Title: f.Title, Description: f.Description}
		if f.Choice {
			choices, err := s.engine.Choices(x.r.Context(), c.Key, f.Name)
			if err != nil && !errors.Is(err, engine.ErrOpenField) { // it waits for another choice
				x.failConnect(connectErrorOf(err, typedFailures))
				return
			}
			for _, c := range choices {
				o.Choices = append(o.Choices, choice{c.Value, c.Title})
			}
		}
		shown = append(shown, o)
	}
	x.json(http.StatusOK, map[string]any{"data": map[string]any{
		"providerConfigKey": c.Key.Integration, "connectionId": c.Key.ConnectionID, "open": shown,
	}})
}
