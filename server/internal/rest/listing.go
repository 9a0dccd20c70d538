package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/input"
	"github.com/nango-lite/nango-lite/server/internal/tags"
)

const (
	listLimit    = 10_000 // connections in an answer, if the client does not say a limit
	maxListLimit = 2_000  // the largest limit that a client may say
	listPage     = 500    // connections that are read of the store at once
)

// A listing is which connections a client asks for.
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
			l.tags[tags.UserID] = values[0]
		case name == "endUserOrganizationId":
			l.tags[tags.OrganizationID] = values[0]
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

func (l *listing) includes(c *engine.Connection) bool {
	k := c.Key
	if l.connectionID != "" && l.connectionID != k.ConnectionID || len(l.integrations) > 0 && !slices.Contains(l.integrations, k.Integration) {
		return false
	}
	for name, v := range l.tags {
		if has, ok := c.Tags[name]; !ok || has != v {
			return false
		}
	}
	return l.search == "" || l.contains(c)
}

// contains reports whether the text that is searched for is in the id or in a tag.
func (l *listing) contains(c *engine.Connection) bool {
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

// List is GET /connections. A key that is bound sees those it is bound to.
func (h *Connections) List(w *answer.Writer) {
	key := h.Guard.Admit(w, apikey.ScopeRead)
	if key == nil {
		return
	}
	q, ok := input.Query(w, "connectionId", "cursor", "endUserId", "endUserOrganizationId", "integrationId", "limit", "page", "search", "tags")
	if !ok {
		return
	}
	l, err := listingOf(q)
	if err != nil {
		w.Fail(http.StatusBadRequest, "invalid_query_params", err.Error())
		return
	}
	found, next, err := h.find(w.Request.Context(), key, l)
	switch {
	case errors.Is(err, connection.ErrCursor):
		w.Fail(http.StatusBadRequest, "invalid_query_params", "cursor must be the next_cursor of an answer")
		return
	case err != nil:
		w.Error(err)
		return
	}
	body := map[string]any{"connections": found}
	if next != "" {
		body["next_cursor"] = next
	}
	w.JSON(http.StatusOK, body)
}

// find returns the connections that are asked for and that the key reaches, and the
// cursor of what follows them; it is empty if nothing does.
func (h *Connections) find(ctx context.Context, key *apikey.Key, l listing) (found []listedConnection, next string, err error) {
	found = []listedConnection{}
	query := engine.Query{Limit: listPage, Cursor: l.cursor}
	if len(l.integrations) == 1 {
		query.Integration = l.integrations[0]
	}
	var last engine.Key
	for {
		page, err := h.Engine.Connections(ctx, query)
		if err != nil {
			return nil, "", err
		}
		for _, c := range withUnreadable(page) {
			switch {
			case !key.Reaches(c.Key) || !l.includes(c):
			case l.skip > 0:
				l.skip--
			case len(found) == l.limit:
				return found, connection.EncodeCursor(last), nil
			default:
				found, last = append(found, h.listed(c)), c.Key
			}
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return found, "", nil
		}
	}
}

// withUnreadable returns the connections of a page in their order. Those that cannot be read
// are shown as connections whose user has to connect again, unless their key is not at hand:
// it may come back, and must not send everybody to consent.
func withUnreadable(page engine.Page) []*engine.Connection {
	all := slices.Clone(page.Connections)
	for _, u := range page.Unreadable {
		c := &engine.Connection{Key: u.Key, Status: engine.StatusNeedsReauthorization}
		if errors.Is(u, connection.ErrUnknownKey) {
			c.Status = engine.StatusActive
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *engine.Connection) int {
		return cmp.Or(cmp.Compare(a.Key.Integration, b.Key.Integration), cmp.Compare(a.Key.ConnectionID, b.Key.ConnectionID))
	})
	return all
}
