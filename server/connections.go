package server

import (
	"cmp"
	"context"
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

	"github.com/nango-lite/nango-lite/connection"
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
	EndUser      *shownUser        `json:"end_user"`
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
		Errors: []connectionError{}, EndUser: userOf(c.Tags), Tags: map[string]string{}, Metadata: map[string]any{}, Created: c.CreatedAt,
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
	integrations         []string          // none: any
	tags                 map[string]string // all of them
	cursor               string
	skip, limit          int
}

func listingOf(q url.Values) (listing, error) {
	l := listing{connectionID: q.Get("connectionId"), search: strings.ToLower(q.Get("search")), tags: map[string]string{}, cursor: q.Get("cursor"), limit: listLimit}
	for name := range strings.SplitSeq(q.Get("integrationId"), ",") {
		if name != "" {
			l.integrations = append(l.integrations, name)
		}
	}
	for name, values := range q {
		switch inner, isTag := strings.CutPrefix(name, "tags["); {
		case isTag:
			l.tags[strings.ToLower(strings.TrimSuffix(inner, "]"))] = values[0]
		case name == "endUserId":
			l.tags[tagUserID] = values[0]
		case name == "endUserOrganizationId":
			l.tags[tagOrgID] = values[0]
		}
	}
	var err error
	if l.cursor = q.Get("cursor"); l.cursor != "" && q.Get("page") != "" {
		return l, errors.New("cursor and page exclude each other")
	}
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

func (l *listing) takes(c *engine.Connection) bool {
	k := c.Key
	if l.connectionID != "" && l.connectionID != k.ConnectionID || len(l.integrations) > 0 && !slices.Contains(l.integrations, k.Integration) {
		return false
	}
	for name, v := range l.tags {
		if has, ok := c.Tags[name]; !ok || has != v {
			return false
		}
	}
	return l.search == "" || l.finds(c)
}

// finds reports whether the text that is searched for is in the id or in a tag.
func (l *listing) finds(c *engine.Connection) bool {
	if strings.Contains(strings.ToLower(c.Key.ConnectionID), l.search) {
		return true
	}
	for _, v := range c.Tags {
		if strings.Contains(strings.ToLower(v), l.search) {
			return true
		}
	}
	return false
}

// listConnections is GET /connections. A key that is bound sees those it is bound to.
func (s *Server) listConnections(x *exchange) {
	key := s.caller(x, ScopeRead)
	if key == nil {
		return
	}
	q, ok := checkQuery(x, "connectionId", "cursor", "endUserId", "endUserOrganizationId", "integrationId", "limit", "page", "search", "tags")
	if !ok {
		return
	}
	l, err := listingOf(q)
	if err != nil {
		x.fail(http.StatusBadRequest, "invalid_query_params", err.Error())
		return
	}
	found, next, err := s.list(x.r.Context(), key, l)
	switch {
	case errors.Is(err, connection.ErrCursor):
		x.fail(http.StatusBadRequest, "invalid_query_params", "cursor must be the next_cursor of an answer")
		return
	case err != nil:
		x.failed(err)
		return
	}
	answer := map[string]any{"connections": found}
	if next != "" {
		answer["next_cursor"] = next
	}
	x.json(http.StatusOK, answer)
}

// list returns the connections that are asked for and that the key reaches, and the
// cursor of what follows them; it is empty if nothing does.
func (s *Server) list(ctx context.Context, key *ringKey, l listing) (found []listedConnection, next string, err error) {
	found = []listedConnection{}
	query := engine.Query{Limit: listPage, Cursor: l.cursor}
	if len(l.integrations) == 1 {
		query.Integration = l.integrations[0]
	}
	var last engine.Key
	for {
		page, err := s.engine.Connections(ctx, query)
		if err != nil {
			return nil, "", err
		}
		for _, c := range withUnreadable(page) {
			switch {
			case !key.Reaches(c.Key) || !l.takes(c):
			case l.skip > 0:
				l.skip--
			case len(found) == l.limit:
				return found, connection.EncodeCursor(last), nil
			default:
				found, last = append(found, s.listed(c)), c.Key
			}
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return found, "", nil
		}
	}
}

// withUnreadable returns the connections of a page in their order, with those that cannot
// be read for what they are: somebody has to connect again, or give the key back.
func withUnreadable(page engine.Page) []*engine.Connection {
	all := slices.Clone(page.Connections)
	for _, u := range page.Unreadable {
		all = append(all, &engine.Connection{Key: u.Key, Status: engine.StatusNeedsReauthorization})
	}
	slices.SortFunc(all, func(a, b *engine.Connection) int {
		return cmp.Or(cmp.Compare(a.Key.Integration, b.Key.Integration), cmp.Compare(a.Key.ConnectionID, b.Key.ConnectionID))
	})
	return all
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
	if given {
		s.given(x, AuditRead)
	}
	s.showIt(x, http.StatusOK, c, given, withRefresh)
}

// showIt answers with a connection, and its credentials if they are to be given.
func (s *Server) showIt(x *exchange, status int, c *engine.Connection, given, withRefresh bool) {
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
	x.json(status, shown)
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
	untold := s.engine.Revoke(x.by(), k)
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
