package lookup_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/lookup"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

var alice = connection.Key{Integration: "fjord", ConnectionID: "alice"}

// newTable returns the look-ups of an API whose site is chosen from a list, and whose
// quay is one of the site's. Answers are by path; asked are the paths in order,
// and whether the header that names the site goes along.
func newTable(t *testing.T, answers map[string]string) (table *lookup.Table, asked *[]string) {
	t.Helper()
	in := &schema.Integration{Name: "fjord", Auth: schema.Auth{AuthMode: schema.APIKey}}
	in.Requests.BaseURL = "https://api.fjord.test"
	in.Requests.Headers = map[string]string{"X-Site": "${connection.site}", "X-Plain": "yes"}
	in.Connection = map[string]schema.ConnectionField{
		"site": {From: schema.FromRequest, Request: &schema.LookUp{Path: "/sites"}, List: &schema.Choices{Items: "sites", Value: "id", Title: "name"}},
		"quay": {From: schema.FromRequest, Path: "quay.id", Request: &schema.LookUp{Path: "/sites/${connection.site}"}},
	}
	p, err := plan.New(in)
	if err != nil {
		t.Fatal(err)
	}
	asked = new([]string)
	call := func(r *lookup.Request) (*http.Response, error) {
		along := " plain"
		if _, ok := r.As.Requests.Headers["X-Site"]; ok {
			along = " with the site"
		}
		*asked = append(*asked, r.URL.Path+along)
		if r.As.Requests.Headers["X-Plain"] != "yes" || !r.AtHome {
			t.Errorf("%s is asked with %v", r.URL.Path, r.As.Requests.Headers)
		}
		body, ok := answers[r.URL.Path]
		if !ok {
			return nil, &fault.Error{Op: "call", Key: r.Key, Kind: fault.KindUnavailable}
		}
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
	return &lookup.Table{In: p, Now: time.Now, Timeout: time.Minute, Call: call}, asked
}

const oneSite, twoSites = `{"sites":[{"id":"north","name":"North"}]}`, `{"sites":[{"id":"north","name":"North"},{"id":"south"},{"id":"south"}]}`

// Each field is looked up after those that it needs; what every call has goes along as
// far as it is known. What has one value needs no choice.
func TestFillInOrder(t *testing.T) {
	table, asked := newTable(t, map[string]string{"/sites": oneSite, "/sites/north": `{"quay":{"id":7}}`})
	c := &connection.Connection{Key: alice}
	if err := table.For("connect", c, nil).Fill(t.Context(), func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if c.Fields["site"] != "north" || c.Fields["quay"] != "7" || !slices.Equal(*asked, []string{"/sites plain", "/sites/north with the site"}) {
		t.Errorf("got %v, by asking %q", c.Fields, *asked)
	}
}

// What has several values is left open, and so is what needs it, until it is chosen;
// with another choice what was looked up with the first goes.
func TestFillLeavesOpenWhatIsToBeChosen(t *testing.T) {
	table, asked := newTable(t, map[string]string{"/sites": twoSites, "/sites/south": `{"quay":{"id":"s1"}}`})
	all := func(string) bool { return true }
	c := &connection.Connection{Key: alice}
	o := table.For("connect", c, nil)
	if err := o.Fill(t.Context(), all); err != nil || len(c.Fields) != 0 || len(*asked) != 1 {
		t.Fatalf("got %v with %v, by asking %q", err, c.Fields, *asked)
	}
	choices, err := o.Choices(t.Context(), "site")
	if want := []lookup.Choice{{Value: "north", Title: "North"}, {Value: "south", Title: "south"}}; err != nil || !slices.Equal(choices, want) {
		t.Errorf("got %v, %v", choices, err)
	}
	c.Fields = map[string]string{"site": "north", "quay": "n1"}
	next, err := table.Amend("set fields", c, map[string]string{"site": "south"})
	if err != nil || next.Fields["quay"] != "" || c.Fields["quay"] != "n1" {
		t.Fatalf("got %v, %v from %v", next, err, c.Fields)
	}
	if err := table.For("set fields", next, nil).Fill(t.Context(), all); err != nil || next.Fields["quay"] != "s1" {
		t.Errorf("got %v, %v", next.Fields, err)
	}
}

func TestFillSaysWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		sites, site string // answered, and chosen beforehand
		kind        fault.Kind
		text        string
	}{
		{twoSites, "east", fault.KindClient, "connection.site is none of the 2 that there are to choose from"},
		{`{"sites":[]}`, "", fault.KindDenied, "has nothing to choose from"},
		{`{"sites":7}`, "", fault.KindInvalidResponse, `has none at "sites"`},
		{`<html>`, "", fault.KindInvalidResponse, "the look-up of connection.site: the answer is not JSON"},
		{`"` + strings.Repeat("x", 1<<20) + `"`, "", fault.KindInvalidResponse, "larger than 1 MiB"},
	} {
		table, _ := newTable(t, map[string]string{"/sites": row.sites})
		c := &connection.Connection{Key: alice}
		if row.site != "" {
			c.Fields = map[string]string{"site": row.site}
		}
		err := table.For("connect", c, nil).Fill(t.Context(), func(string) bool { return true })
		if fault.KindOf(err) != row.kind || !strings.Contains(err.Error(), row.text) {
			t.Errorf("%.20s: got %v, want %s of kind %s", row.sites, err, row.text, row.kind)
		}
	}
	table, _ := newTable(t, nil)
	err := table.For("connect", &connection.Connection{Key: alice}, nil).Fill(t.Context(), func(string) bool { return true })
	if known, ok := errors.AsType[*fault.Error](err); !ok || known.Op != "connect" || known.Kind != fault.KindUnavailable {
		t.Errorf("a call that fails: got %v, want it as part of connecting", err)
	}
	_, err = table.For("choices", &connection.Connection{Key: alice}, nil).Choices(t.Context(), "quay")
	if fault.KindOf(err) != fault.KindClient {
		t.Errorf("choices of what is no list: got %v", err)
	}
}
