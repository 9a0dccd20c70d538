package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"

	"slices"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/store/record"
)

const (
	sessionKind = "connect_session"
	// sessionPrefix is that of Nango's, by which programs know such a token.
	sessionPrefix = "nango_connect_session_"
	sessionLife   = 30 * time.Minute
	// sessionKept is how long a session is remembered after its end, for flows that
	// began before.
	sessionKept = 20 * time.Minute
)

var sessionToken = lazyregexp.New(`^nango_connect_session_[0-9a-f]{64}$`)

// A connectSession lets one user's browser make one connection of each allowed
// integration, for as long as it lives. Whoever holds its token can do that, and
// nothing else: it reads no connection and gives no token out. Only the token's hash is
// kept, which is the record's id.
type connectSession struct {
	ConnectionID string                     `json:"connection_id"` // of what is made with it
	Allowed      []string                   `json:"allowed,omitempty"`
	Reconnect    bool                       `json:"reconnect,omitempty"`
	Tags         map[string]string          `json:"tags,omitempty"`
	EndUser      *endUser                   `json:"end_user,omitempty"`
	Defaults     map[string]sessionDefaults `json:"defaults,omitempty"`
	Overrides    map[string]sessionOverride `json:"overrides,omitempty"`
	APIKey       string                     `json:"api_key"` // the name of the key that made it
	ExpiresAt    time.Time                  `json:"expires_at"`
	Made         []string                   `json:"made,omitempty"`

	record *record.Record
}

// sessionDefaults are what the product has settled for its user. They beat what the
// browser says.
type sessionDefaults struct {
	AuthorizationParams map[string]string `json:"authorization_params,omitempty"`
	ConnectionConfig    map[string]string `json:"connection_config,omitempty"`
	UserScopes          string            `json:"user_scopes,omitempty"`
}

// scopesOverride is the member of connection_config by which Nango's clients ask for
// scopes of their own.
const scopesOverride = "oauth_scopes_override"

type sessionOverride struct {
	DocsConnect string `json:"docs_connect,omitempty"`
}

// A sessionRequest is the body of both ways to make a session.
type sessionRequest struct {
	EndUser      *endUser                   `json:"end_user"`
	Organization *organization              `json:"organization"`
	Tags         map[string]string          `json:"tags"`
	Allowed      []string                   `json:"allowed_integrations"`
	Defaults     map[string]sessionDefaults `json:"integrations_config_defaults"`
	Overrides    map[string]sessionOverride `json:"overrides"`
	ConnectionID string                     `json:"connection_id"`
	Integration  string                     `json:"integration_id"`
}

// A badSession is a request that makes no session: what is wrong, and where.
type badSession struct {
	status        int
	code, message string
}

func badBody(message string) *badSession {
	return &badSession{http.StatusBadRequest, "invalid_body", message}
}

// createSession is POST /connect/sessions.
func (s *Server) createSession(x *exchange) { s.makeSession(x, false) }

// createReconnectSession is POST /connect/sessions/reconnect: for a connection that is
// there, whose credentials are to be others.
func (s *Server) createReconnectSession(x *exchange) { s.makeSession(x, true) }

func (s *Server) makeSession(x *exchange, again bool) {
	key := s.caller(x, ScopeConnect)
	if key == nil {
		return
	}
	var body sessionRequest
	if !s.readJSON(x, &body) {
		return
	}
	session, bad := s.sessionFor(x.r.Context(), key, &body, again)
	if bad == nil {
		var err error
		if session.Tags, err = tagsOf(body.EndUser, body.Organization, body.Tags); err != nil {
			bad = badBody(err.Error())
		}
	}
	if bad != nil {
		x.fail(bad.status, bad.code, bad.message)
		return
	}
	token, err := s.storeSession(x.r.Context(), session)
	if err != nil {
		x.retryLater(http.StatusServiceUnavailable, "unavailable", "the store does not answer", 0)
		return
	}
	if len(session.Allowed) == 1 {
		x.conn = engine.Key{Integration: session.Allowed[0], ConnectionID: session.ConnectionID}
	}
	x.json(http.StatusCreated, map[string]any{"data": map[string]any{
		"token": token, "connect_link": s.connectLink(session, token), "expires_at": session.ExpiresAt.Format(time.RFC3339),
	}})
}

// sessionFor checks what a session is asked for, against what the key may do.
func (s *Server) sessionFor(ctx context.Context, key *ringKey, body *sessionRequest, again bool) (*connectSession, *badSession) {
	if again {
		if body.Integration == "" || body.ConnectionID == "" {
			return nil, badBody("connection_id and integration_id say what is to be connected again")
		}
		if body.Allowed != nil {
			return nil, badBody("allowed_integrations is no member here: integration_id is the one")
		}
		body.Allowed = []string{body.Integration}
	} else if body.Integration != "" {
		return nil, badBody("integration_id is no member here: allowed_integrations is a list")
	}
	session := &connectSession{
		ConnectionID: body.ConnectionID, Allowed: body.Allowed, Reconnect: again, EndUser: body.EndUser,
		Defaults: body.Defaults, Overrides: body.Overrides, APIKey: key.Name,
	}
	if session.ConnectionID == "" {
		session.ConnectionID = newConnectionID()
	}
	for _, name := range body.Allowed {
		k := engine.Key{Integration: name, ConnectionID: session.ConnectionID}
		if k.Check() != nil {
			return nil, badBody("connection_id, or the name of an integration, is none that can be used")
		}
		if !key.Reaches(k) { // before it is said whether there is such a one
			return nil, &badSession{http.StatusForbidden, "forbidden", "the API key is not bound to such connections"}
		}
		if _, err := s.engine.Describe(name); err != nil {
			return nil, badBody("there is no integration of that name in allowed_integrations, or as integration_id")
		}
	}
	if len(key.Connections) > 0 && len(body.Allowed) == 0 {
		return nil, &badSession{http.StatusForbidden, "forbidden", "the API key is bound to connections: allowed_integrations must name integrations that it reaches"}
	}
	if bad := s.checkDefaults(session); bad != nil || !again {
		return session, bad
	}
	return session, s.checkThere(ctx, engine.Key{Integration: body.Integration, ConnectionID: body.ConnectionID})
}

// checkThere says if there is no connection to be made anew. One that cannot be read is
// one all the same.
func (s *Server) checkThere(ctx context.Context, k engine.Key) *badSession {
	_, err := s.engine.Connection(ctx, k)
	switch engine.ErrorKind(err) {
	case engine.KindNotFound:
		return &badSession{http.StatusNotFound, "not_found", "there is no such connection"}
	case engine.KindUnavailable:
		return &badSession{http.StatusServiceUnavailable, "unavailable", "the store does not answer"}
	}
	return nil
}

func (s *Server) checkDefaults(session *connectSession) *badSession {
	for name, d := range session.Defaults {
		switch {
		case !session.allows(name):
			return badBody("integrations_config_defaults names an integration that the session does not allow")
		case d.UserScopes != "":
			return badBody("user_scopes is not supported: what an API calls so stands in authorization_params of the integration")
		}
		fields := map[string]bool{scopesOverride: true}
		described, err := s.engine.Describe(name)
		if err != nil {
			return badBody("integrations_config_defaults names an integration that there is not")
		}
		for _, f := range slices.Concat(described.Fields, described.Choices) {
			if !f.Credential {
				fields[f.Name] = true
			}
		}
		for field := range d.ConnectionConfig {
			if !fields[field] {
				return badBody("connection_config has a member that the integration does not declare as a field of its connections")
			}
		}
	}
	return nil
}

func (c *connectSession) allows(integration string) bool {
	return len(c.Allowed) == 0 || slices.Contains(c.Allowed, integration)
}

// newConnectionID makes an id for a connection for which nobody has named one: a UUID
// (RFC 9562, version 4).
func newConnectionID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// storeSession stores a new session, and returns its token, which nobody can be told
// again.
func (s *Server) storeSession(ctx context.Context, session *connectSession) (token string, err error) {
	var b [32]byte
	_, _ = rand.Read(b[:])
	token, session.ExpiresAt = sessionPrefix+hex.EncodeToString(b[:]), s.opts.Now().Add(sessionLife).UTC()
	sealed, err := json.Marshal(session)
	if err != nil {
		return "", err
	}
	return token, s.opts.Records.CreateRecord(ctx, &record.Record{
		Kind: sessionKind, ID: hashText(token), Sealed: sealed, ExpiresAt: session.ExpiresAt.Add(sessionKept),
	})
}

// sessionBy returns the session of a token, or why there is none.
func (s *Server) sessionBy(ctx context.Context, token string) (*connectSession, *connectError) {
	switch {
	case token == "":
		return nil, connectErrorf(http.StatusUnauthorized, "missing_connect_session_token", "the connect session's token is missing")
	case !sessionToken().MatchString(token):
		return nil, connectErrorf(http.StatusUnauthorized, "invalid_connect_session_token_format", "this is no connect session's token")
	}
	return s.sessionAt(ctx, hashText(token))
}

// errSessionEnded says that there is no such session any more.
func errSessionEnded() *connectError {
	return connectErrorf(http.StatusUnauthorized, "unknown_connect_session_token", "the connect session has ended, or there is none of this token")
}

// sessionAt returns a session that is in force.
func (s *Server) sessionAt(ctx context.Context, id string) (*connectSession, *connectError) {
	session, err := s.sessionRecord(ctx, id)
	if err == nil && !s.opts.Now().Before(session.ExpiresAt) {
		return nil, errSessionEnded()
	}
	return session, err
}

// sessionRecord returns a session that nobody has ended, though its time may be over.
func (s *Server) sessionRecord(ctx context.Context, id string) (*connectSession, *connectError) {
	r, err := s.opts.Records.Record(ctx, sessionKind, id)
	if errors.Is(err, record.ErrNone) {
		return nil, errSessionEnded()
	}
	session := &connectSession{record: r}
	if err == nil {
		err = json.Unmarshal(r.Sealed, session)
	}
	if err != nil {
		return nil, connectErrorf(http.StatusServiceUnavailable, "unavailable", "the store does not answer")
	}
	return session, nil
}

// sessionOf returns the session of a request that carries its token as a bearer token.
func (s *Server) sessionOf(x *exchange) *connectSession {
	session, refused := s.sessionBy(x.r.Context(), bearerOf(x.r))
	if refused != nil {
		x.failConnect(refused)
	}
	return session
}

// showSession is GET /connect/session, as Nango's Connect UI reads it.
func (s *Server) showSession(x *exchange) {
	session := s.sessionOf(x)
	if session == nil {
		return
	}
	allowed := session.Allowed
	if allowed == nil {
		allowed = []string{}
	}
	data := map[string]any{
		"allowed_integrations": allowed, "integrations_config_defaults": session.Defaults, "overrides": session.Overrides,
		"isReconnecting": session.Reconnect, "endUser": session.EndUser, "tags": session.Tags, "made": session.Made,
		"expires_at": session.ExpiresAt.Format(time.RFC3339), "websocketsPath": "/", "connectUISettings": map[string]any{},
	}
	if s.public != nil {
		data["websocketsPath"] = s.public.EscapedPath() + "/"
	}
	x.json(http.StatusOK, map[string]any{"data": data})
}

// endSession is DELETE /connect/session. A flow that began with it ends as well.
func (s *Server) endSession(x *exchange) {
	session := s.sessionOf(x)
	if session == nil {
		return
	}
	if err := s.opts.Records.DeleteRecord(x.r.Context(), sessionKind, session.record.ID); err != nil && !errors.Is(err, record.ErrNone) {
		x.retryLater(http.StatusServiceUnavailable, "unavailable", "the store does not answer", 0)
		return
	}
	x.WriteHeader(http.StatusNoContent)
}

// may says why the session makes no connection of the integration; nil: it does.
func (c *connectSession) may(integration string) *connectError {
	switch {
	case !c.allows(integration):
		return connectErrorf(http.StatusForbidden, "integration_not_allowed", "the connect session does not allow this integration")
	case slices.Contains(c.Made, integration):
		return connectErrorf(http.StatusConflict, "connect_session_used", "the connect session has made its connection of this integration; another one needs another session")
	}
	return nil
}

// sessionHasMade notes that a session has made its connection of an integration. A
// session that ended meanwhile needs no note.
func (s *Server) sessionHasMade(ctx context.Context, id, integration string) error {
	for range 10 {
		session, gone := s.sessionRecord(ctx, id)
		switch {
		case gone != nil && gone.status == http.StatusUnauthorized:
			return nil
		case gone != nil:
			return errors.New(gone.message)
		}
		session.Made = append(session.Made, integration)
		sealed, err := json.Marshal(session)
		if err != nil {
			return err
		}
		r := session.record.Clone()
		r.Sealed = sealed
		err = s.opts.Records.ReplaceRecord(ctx, r, r.Version)
		if !errors.Is(err, record.ErrChanged) {
			return err
		}
	}
	return record.ErrChanged
}
