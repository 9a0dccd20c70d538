package sandbox_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

func TestRateLimit(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFlow(t, notionLike("n"), &sandbox.Options{Now: c.now})
	token := f.connect().text("access_token")
	codes := ""
	for range 6 {
		resp, body := f.get("/v1/users", token, nil)
		codes += fmt.Sprint(resp.StatusCode, " ")
		if resp.StatusCode == 429 && (resp.Header.Get("Retry-After") != "1" || body["code"] != "rate_limited") {
			t.Errorf("429: %v %v", resp.Header, body)
		}
	}
	if codes != "200 200 200 200 200 429 " { // a budget of 3 and a burst of 1, and a little more
		t.Errorf("got %s", codes)
	}
	c.advance(time.Second)
	if resp, _ := f.get("/v1/users", token, nil); resp.StatusCode != 200 {
		t.Errorf("a second later: %s", resp.Status)
	}
	if s := f.p.Stats(); s.RateLimited != 1 || s.Calls != 7 {
		t.Errorf("stats %+v", s)
	}
}

// A client that keeps to the declared budget, as a token bucket does, never meets
// the limit.
func TestBudgetIsKept(t *testing.T) {
	t.Parallel()
	c := newClock()
	i := basicLike()
	f := newFlow(t, i, &sandbox.Options{Now: c.now})
	for n := range 200 {
		if n >= i.Requests.RateLimit.Budget.Burst {
			c.advance(100 * time.Millisecond)
		}
		r, _ := http.NewRequest("GET", "https://acme.desk.example.com/api/v2/tickets", nil)
		r.SetBasicAuth("ada", "x")
		if resp, _ := f.do(r); resp.StatusCode != 200 {
			t.Fatalf("call %d: %s", n, resp.Status)
		}
	}
}

func TestRateLimitPerConnection(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFlow(t, basicLike(), &sandbox.Options{Now: c.now})
	call := func(user string) *http.Response {
		r, _ := http.NewRequest("GET", "https://acme.desk.example.com/api/v2/tickets", nil)
		r.SetBasicAuth(user, "x")
		resp, _ := f.do(r)
		return resp
	}
	first := call("ada")
	if got := first.Header.Get("X-RateLimit-Remaining"); got != "15" {
		t.Errorf("remaining %s", got)
	}
	if got := first.Header.Get("X-RateLimit-Reset"); got != strconv.FormatInt(c.at.Unix()+1, 10) {
		t.Errorf("reset %s", got)
	}
	for range 15 {
		call("ada")
	}
	limited := call("ada")
	if limited.StatusCode != 403 || limited.Header.Get("X-RateLimit-Remaining") != "0" || limited.Header.Get("X-RateLimit-Reset") != strconv.FormatInt(c.at.Unix()+1, 10) {
		t.Errorf("the way this API says it: %s %v", limited.Status, limited.Header)
	}
	if resp := call("ben"); resp.StatusCode != 200 {
		t.Errorf("another connection: %s", resp.Status)
	}
}

func TestRateLimitOff(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("n"), &sandbox.Options{NoRateLimit: true})
	token := f.connect().text("access_token")
	for range 20 {
		if resp, _ := f.get("/v1/users", token, nil); resp.StatusCode != 200 {
			t.Fatal(resp.Status)
		}
	}
}

func TestConcurrencyLimit(t *testing.T) {
	t.Parallel()
	i := keyLike()
	i.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Concurrency: 1}}
	p := newProvider(t, i, &sandbox.Options{SlowBy: 50 * time.Millisecond})
	rt := sandbox.NewMux(p).Transport()
	_ = p.Fault(sandbox.FaultSlow, -1)
	results := make(chan int, 3)
	for range 3 {
		go func() {
			r, _ := http.NewRequest("GET", i.Requests.BaseURL+"/x?key=abc-1", nil)
			resp, err := rt.RoundTrip(r)
			if err != nil {
				t.Error(err)
				results <- 0
				return
			}
			results <- resp.StatusCode
		}()
	}
	got := map[int]int{}
	for range 3 {
		got[<-results]++
	}
	if got[200] < 2 || got[200]+got[429] != 3 {
		t.Errorf("got %v", got)
	}
}

func TestDialects(t *testing.T) {
	t.Parallel()
	c := newClock()
	at := c.at.Add(time.Second)
	want := map[string][2]string{
		"seconds":            {"Retry-After", "1"},
		"date":               {"Retry-After", "Sun, 01 Mar 2026 12:00:01 GMT"},
		"rfc850":             {"Retry-After", "Sunday, 01-Mar-26 12:00:01 GMT"},
		"asctime":            {"Retry-After", "Sun Mar  1 12:00:01 2026"},
		"milliseconds":       {"X-RateLimit-Reset-After", "1000"},
		"iso_date":           {"X-RateLimit-Reset", "2026-03-01T12:00:01Z"},
		"epoch_seconds":      {"X-RateLimit-Reset", strconv.FormatInt(at.Unix(), 10)},
		"epoch_milliseconds": {"X-Reset-Ms", strconv.FormatInt(at.UnixMilli(), 10)},
		"ratelimit":          {"RateLimit", `"default";r=0;t=1`},
		"none":               {"Retry-After", ""},
		"past":               {"Retry-After", "Sun, 01 Mar 2026 11:00:00 GMT"},
		"negative":           {"Retry-After", "-1"},
		"huge":               {"Retry-After", "99999999999999999999"},
		"invalid":            {"Retry-After", "soon"},
	}
	i := notionLike("n")
	i.Requests.RateLimit.Wait = []schema.Wait{{Header: "X-Reset-Ms", Format: "epoch_milliseconds"}}
	f := newFlow(t, i, &sandbox.Options{Now: c.now, NoRateLimit: true})
	token := f.connect().text("access_token")
	for _, dialect := range sandbox.Dialects {
		_ = f.p.Fault(sandbox.Fault("429:"+dialect), 1)
		resp, _ := f.get("/v1/users", token, nil)
		row := want[dialect]
		if resp.StatusCode != 429 || resp.Header.Get(row[0]) != row[1] {
			t.Errorf("%s: %s, %s: %q, want %q", dialect, resp.Status, row[0], resp.Header.Get(row[0]), row[1])
		}
		others := 0
		for _, name := range []string{"Retry-After", "X-RateLimit-Reset-After", "X-RateLimit-Reset", "X-Reset-Ms", "RateLimit"} {
			if resp.Header.Get(name) != "" {
				others++
			}
		}
		if others > 1 {
			t.Errorf("%s: more than one dialect: %v", dialect, resp.Header)
		}
	}
}
