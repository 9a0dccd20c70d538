package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// What Nango's clients get of a list, and may ask for.
const (
	listLimit    = 10_000
	maxListLimit = 2_000
	listPage     = 500 // of the store
)

// A listedConnection is one of a list, as Nango's clients read it. It holds nothing
// that grants access.
type listedConnection struct {
	ID           int64             `json:"id"`
	ConnectionID string            `json:"connection_id"`
	Integration  string            `json:"provider_config_key"`
	Provider     string            `json:"provider"`
	Errors       []connectionError `json:"errors"`
	EndUser      any               `json:"end_user"`
	Tags         map[string]string `json:"tags"`
	Metadata     map[string]any    `json:"metadata"`
	Created      time.Time         `json:"created"`
}

// A connectionError says that the user has to connect again.
type connectionError struct {
	Type  string `json:"type"`
	LogID string `json:"log_id"`
}

func (s *Server) listed(c *engine.Connection) listedConnection {
	l := listedConnection{
		ID: numberOf(c.Key), ConnectionID: c.Key.ConnectionID, Integration: c.Key.Integration, Provider: s.provider(c.Key.Integration),
		Errors: []connectionError{}, Tags: map[string]string{}, Metadata: map[string]any{}, Created: c.CreatedAt,
	}
	if c.Status == engine.StatusNeedsReauthorization {
		l.Errors = append(l.Errors, connectionError{Type: "auth"})
	}
	if c.Metadata != nil {
		l.Metadata = c.Metadata
	}
	return l
}

// numberOf is a number for a connection, for clients that want one. It is the same
// each time, and fits what JavaScript counts with.
func numberOf(k engine.Key) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(k.Integration + "\x00" + k.ConnectionID))
	return int64(h.Sum64() & (1<<53 - 1))
}

// provider is the name of the blueprint that an integration extends.
func (s *Server) provider(integration string) string {
	if s.opts.Provider != nil {
		if name := s.opts.Provider(integration); name != "" {
			return name
		}
	}
	return integration
}

// checkQuery answers with an error, and returns false, if a parameter is there that
// is none of those, or more than once: a filter that is misspelt must not be taken for
// none at all.
func checkQuery(x *exchange, names ...string) (url.Values, bool) {
	q, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		x.fail(http.StatusBadRequest, "invalid_query_params", "the query cannot be read")
		return nil, false
	}
	for name, values := range q {
		known := slices.Contains(names, name) || slices.Contains(names, "tags") && strings.HasPrefix(name, "tags[") && strings.HasSuffix(name, "]")
		if !known || len(values) > 1 {
			x.fail(http.StatusBadRequest, "invalid_query_params", "a parameter is unknown, or there more than once; there are "+strings.Join(names, ", "))
			return nil, false
		}
	}
	return q, true
}

// A listing is what a list is asked for.
type listing struct {
	connectionID, search string
	integrations         []string // none: any
	nobody               bool     // a filter that no connection can meet yet: end users and tags
	skip, limit          int
}

func listingOf(q url.Values) (listing, error) {
	l := listing{connectionID: q.Get("connectionId"), search: strings.ToLower(q.Get("search")), limit: listLimit}
	for name := range strings.SplitSeq(q.Get("integrationId"), ",") {
		if name != "" {
			l.integrations = append(l.integrations, name)
		}
	}
	for name := range q {
		l.nobody = l.nobody || name == "endUserId" || name == "endUserOrganizationId" || strings.HasPrefix(name, "tags[")
	}
	var err error
	if text := q.Get("limit"); text != "" {
		if l.limit, err = strconv.Atoi(text); err != nil || l.limit < 1 || l.limit > maxListLimit {
			return l, fmt.Errorf("limit must be a number from 1 to %d", maxListLimit)
		}
	}
	if text := q.Get("page"); text != "" {
		page, err := strconv.Atoi(text)
		if err != nil || page < 0 || page > 1_000_000 {
			return l, errors.New("page must be a number, 0 for the first")
		}
		l.skip = page * l.limit
	}
	return l, nil
}

func (l *listing) takes(k engine.Key) bool {
	return !l.nobody &&
		(l.connectionID == "" || l.connectionID == k.ConnectionID) &&
		(len(l.integrations) == 0 || slices.Contains(l.integrations, k.Integration)) &&
		(l.search == "" || strings.Contains(strings.ToLower(k.ConnectionID), l.search))
}

// listConnections is GET /connections. A key that is bound sees those it is bound to.
func (s *Server) listConnections(x *exchange) {
	key := s.caller(x, ScopeRead)
	if key == nil {
		return
	}
	q, ok := checkQuery(x, "connectionId", "endUserId", "endUserOrganizationId", "integrationId", "limit", "page", "search", "tags")
	if !ok {
		return
	}
	l, err := listingOf(q)
	if err != nil {
		x.fail(http.StatusBadRequest, "invalid_query_params", err.Error())
		return
	}
	found := []listedConnection{}
	query := engine.Query{Limit: listPage}
	if len(l.integrations) == 1 {
		query.Integration = l.integrations[0]
	}
	for len(found) < l.limit && !l.nobody {
		page, err := s.engine.Connections(x.r.Context(), query)
		if err != nil {
			x.failed(err)
			return
		}
		for _, c := range page.Connections {
			switch {
			case len(found) == l.limit || !l.takes(c.Key) || !key.Reaches(c.Key):
			case l.skip > 0:
				l.skip--
			default:
				found = append(found, s.listed(c))
			}
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			break
		}
	}
	x.json(http.StatusOK, map[string]any{"connections": found})
}

// connectionAt returns the key of /connections/{id}. Nango's clients write the id
// without encoding its slashes.
func (s *Server) connectionAt(x *exchange, q url.Values) (engine.Key, bool) {
	id, err := url.PathUnescape(strings.TrimPrefix(x.r.URL.EscapedPath(), "/connections/"))
	k := engine.Key{Integration: q.Get("provider_config_key"), ConnectionID: id}
	switch {
	case k.Integration == "":
		x.fail(http.StatusBadRequest, "invalid_query_params", "provider_config_key is missing; it names the integration")
		return k, false
	case err != nil || k.Check() != nil:
		x.fail(http.StatusBadRequest, "invalid_uri_params", "the path must be /connections/{id}")
		return k, false
	}
	x.conn = k
	return k, true
}

// flag reads a parameter that is true or false.
func flag(x *exchange, q url.Values, name string) (on, ok bool) {
	switch q.Get(name) {
	case "", "false":
		return false, true
	case "true":
		return true, true
	}
	x.fail(http.StatusBadRequest, "invalid_query_params", name+" must be true or false")
	return false, false
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

// showConnection is GET /connections/{id}. Whoever has the scope token gets the
// credentials, refreshed first if need be; others get their type.
func (s *Server) showConnection(x *exchange) {
	key := s.caller(x, ScopeRead)
	if key == nil {
		return
	}
	q, ok := checkQuery(x, "force_refresh", "provider_config_key", "refresh_github_app_jwt_token", "refresh_token")
	if !ok {
		return
	}
	force, ok1 := flag(x, q, "force_refresh")
	withRefresh, ok2 := false, ok1
	if ok1 {
		withRefresh, ok2 = flag(x, q, "refresh_token")
	}
	if !ok2 {
		return
	}
	k, ok := s.connectionAt(x, q)
	if !ok || !s.reach(x, key, k) {
		return
	}
	given := key.May(ScopeToken)
	if (force || withRefresh) && !given {
		x.fail(http.StatusForbidden, "forbidden", fmt.Sprintf("the API key %q has no scope %q", key.Name, ScopeToken))
		return
	}
	c, err := s.current(x, k, given, force)
	if err != nil {
		x.failed(err)
		return
	}
	shown := shownConnection{
		listedConnection: s.listed(c), Config: map[string]string{}, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, FetchedAt: s.opts.Now().UTC(),
		Credentials: map[string]any{"type": credentialType(c.Credentials.Type)},
	}
	if c.Fields != nil {
		shown.Config = c.Fields
	}
	if given {
		shown.Credentials = credentialsOf(c, withRefresh)
	}
	x.json(http.StatusOK, shown)
}

// current returns a connection. If its credentials are to be given, its token is good.
func (s *Server) current(x *exchange, k engine.Key, given, force bool) (*engine.Connection, error) {
	ctx := x.r.Context()
	var err error
	switch {
	case force:
		_, err = s.engine.Refresh(ctx, k)
	case given:
		_, err = s.engine.TokenSource(k).Token(ctx)
	}
	if err != nil && engine.ErrorKind(err) != engine.KindUnsupported { // a key needs no refresh
		return nil, err
	}
	return s.engine.Connection(ctx, k)
}

// removeConnection is DELETE /connections/{id}. The provider is told, where it has a
// way to be.
func (s *Server) removeConnection(x *exchange) {
	key := s.caller(x, ScopeConnect)
	if key == nil {
		return
	}
	q, ok := checkQuery(x, "provider_config_key")
	if !ok {
		return
	}
	k, ok := s.connectionAt(x, q)
	if !ok || !s.reach(x, key, k) {
		return
	}
	if _, err := s.engine.Connection(x.r.Context(), k); err != nil {
		x.failed(err)
		return
	}
	untold := s.engine.Revoke(x.r.Context(), k)
	if _, err := s.engine.Connection(x.r.Context(), k); engine.ErrorKind(err) != engine.KindNotFound {
		if untold == nil {
			untold = err
		}
		x.failed(untold) // it is still there
		return
	}
	answer := map[string]any{"success": true}
	if untold != nil {
		answer["warning"] = "the connection is removed, but the provider could not be told: " + untold.Error()
	}
	x.json(http.StatusOK, answer)
}
