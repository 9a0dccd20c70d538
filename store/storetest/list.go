package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
)

// put keeps a bare connection for each integration and id.
func put(t *testing.T, s connection.Store, integrations, ids []string) []connection.Key {
	t.Helper()
	var keys []connection.Key
	for _, id := range ids {
		for _, integration := range integrations {
			k := connection.Key{Integration: integration, ConnectionID: id}
			mustPut(t, s, &connection.Connection{Key: k, Status: connection.StatusActive})
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b connection.Key) int {
		return cmp.Or(cmp.Compare(a.Integration, b.Integration), cmp.Compare(a.ConnectionID, b.ConnectionID))
	})
	return keys
}

// list follows the cursors; between is called after each page.
func list(t *testing.T, s connection.Store, q connection.Query, between func(connection.Page)) []connection.Key {
	t.Helper()
	var keys []connection.Key
	for {
		p, err := s.List(t.Context(), q)
		if err != nil {
			t.Fatalf("List %+v: %v", q, err)
		}
		if q.Limit > 0 && len(p.Connections) > q.Limit || p.Next != "" && len(p.Connections) == 0 {
			t.Fatalf("List %+v: got %d connections and the cursor %q", q, len(p.Connections), p.Next)
		}
		for _, u := range p.Unreadable {
			t.Errorf("List %+v: %v", q, u)
		}
		for _, c := range p.Connections {
			keys = append(keys, c.Key)
		}
		if between != nil {
			between(p)
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return keys
		}
	}
}

func checkKeys(t *testing.T, what string, got, want []connection.Key) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func testListPages(t *testing.T, s connection.Store) {
	all := put(t, s, []string{"slack", "Slack", "git", "github"}, []string{"b", "a", "Ä", "b/c", "9"})
	for limit := 1; limit <= len(all)+1; limit++ {
		checkKeys(t, fmt.Sprintf("pages of %d", limit), list(t, s, connection.Query{Limit: limit}, nil), all)
	}
	// Pages neither skip nor repeat when what ends one goes away.
	got := list(t, s, connection.Query{Limit: 3}, func(p connection.Page) {
		last := p.Connections[len(p.Connections)-1].Key
		checkError(t, "Delete", s.Delete(t.Context(), last), nil)
	})
	checkKeys(t, "pages while deleting", got, all)
}

func testListFilters(t *testing.T, s connection.Store) {
	all := put(t, s, []string{"git", "github", "github-enterprise"}, []string{"1", "2", "3"})
	checkKeys(t, "one integration", list(t, s, connection.Query{Integration: "github", Limit: 2}, nil), all[3:6])
	checkKeys(t, "no such integration", list(t, s, connection.Query{Integration: "hub"}, nil), nil)

	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i, k := range all {
		c := mustGet(t, s, k)
		c.Credentials.Token.ExpiresAt = now.Add(time.Duration(len(all)-i) * time.Second) // the last ends first
		switch i {
		case 6:
			c.Status = connection.StatusNeedsReauthorization
		case 7:
			c.Credentials.Token.ExpiresAt = time.Time{} // no end is known
		}
		checkError(t, "Replace", s.Replace(t.Context(), c, c.Generation), nil)
	}
	soon := connection.Query{ExpiresBefore: now.Add(7 * time.Second), Limit: 2}
	checkKeys(t, "ends before", list(t, s, soon, nil), []connection.Key{all[3], all[4], all[5], all[8]})
	soon.Integration = "github"
	checkKeys(t, "ends before, one integration", list(t, s, soon, nil), all[3:6])
	checkKeys(t, "whose user has to connect again", list(t, s, connection.Query{Status: connection.StatusNeedsReauthorization}, nil), all[6:7])
	checkKeys(t, "the same, one integration", list(t, s, connection.Query{Status: connection.StatusNeedsReauthorization, Integration: "github"}, nil), nil)
	checkKeys(t, "that work", list(t, s, connection.Query{Status: connection.StatusActive, Limit: 3}, nil), slices.Concat(all[:6], all[7:]))
	checkKeys(t, "no such status", list(t, s, connection.Query{Status: "' OR 1"}, nil), nil)
	soon = connection.Query{Status: connection.StatusNeedsReauthorization, ExpiresBefore: now.Add(7 * time.Second)}
	checkKeys(t, "that work and do not", list(t, s, soon, nil), nil)
	checkKeys(t, "ends before all", list(t, s, connection.Query{ExpiresBefore: now.Add(time.Second)}, nil), nil)
}

func testListDefault(t *testing.T, s connection.Store) {
	var ids []string
	for i := range 101 {
		ids = append(ids, fmt.Sprintf("%03d", i))
	}
	all := put(t, s, []string{"a"}, ids)
	p, err := s.List(t.Context(), connection.Query{})
	if err != nil || len(p.Connections) != 100 || p.Next == "" {
		t.Errorf("got %d connections, cursor %q, %v; want 100 and a cursor", len(p.Connections), p.Next, err)
	}
	checkKeys(t, "all", list(t, s, connection.Query{}, nil), all)
}

func testListCursor(t *testing.T, s connection.Store) {
	put(t, s, []string{"a"}, []string{"1"})
	for _, cursor := range []string{"a/1", "1", "!", "bnVsbA", "' OR 1", connection.EncodeCursor(connection.Key{Integration: "a\x00", ConnectionID: "a"})} {
		_, err := s.List(t.Context(), connection.Query{Cursor: cursor})
		checkError(t, "List with the cursor "+cursor, err, connection.ErrCursor)
	}
}
