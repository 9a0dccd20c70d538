package input_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// ask returns the Writer of a request, and its answer.
func ask(method, target, contentType, body string) (*answer.Writer, *httptest.ResponseRecorder) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	rec := httptest.NewRecorder()
	return (&answer.Options{Now: time.Now, MaxBodyBytes: 64}).Begin(rec, r), rec
}

// What is wrong with a body is said, and nothing of the body is quoted.
func TestJSON(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"name": "x"}`, ""},
		{`{"name": "x"} `, ""},
		{``, "the body is missing"},
		{`{"name": 1234567}`, "name is of another type"},
		{`["s3cret"]`, "the body is of another type"},
		{`{"s3cret": 1}`, "a member that is unknown"},
		{`{"name": "x"} {"name": "s3cret"}`, "the body is no JSON object"},
		{`{"name": s3cret}`, "the body is no JSON object"},
		{`{"name": "` + strings.Repeat("s3cret", 20) + `"}`, "larger than server.limits.max_body_bytes"},
	} {
		w, rec := ask("POST", "/", "application/json; charset=utf-8", c.body)
		var v struct {
			Name string `json:"name"`
		}
		ok := input.JSON(w, &v)
		if ok != (c.want == "") || !strings.Contains(rec.Body.String(), c.want) || strings.Contains(rec.Body.String(), "s3cret") {
			t.Errorf("%.40s: %v, %s", c.body, ok, rec.Body)
		}
		if ok && v.Name != "x" {
			t.Errorf("%s: read %+v", c.body, v)
		}
	}
	w, rec := ask("POST", "/", "text/plain", `{"name": "x"}`)
	if input.JSON(w, &struct {
		Name string `json:"name"`
	}{}) || rec.Code != 400 {
		t.Errorf("a body that any page can send is taken: %d", rec.Code)
	}
}

func TestQuery(t *testing.T) {
	for query, ok := range map[string]bool{
		"": true, "limit=1": true, "tags[a]=b": true, "limit=1&limit=2": false, "Limit=1": false, "tags[a=b": false, "%zz": false,
	} {
		w, rec := ask("GET", "/?"+query, "", "")
		if _, got := input.Query(w, "limit", "tags"); got != ok || !ok && rec.Code != 400 {
			t.Errorf("%q: %v, %d", query, got, rec.Code)
		}
	}
	w, _ := ask("GET", "/?tags[a]=b", "", "")
	if _, ok := input.Query(w, "limit"); ok {
		t.Error("tags are taken where there are none")
	}
}

func TestFlag(t *testing.T) {
	for value, want := range map[string]string{"": "false true", "true": "true true", "false": "false true", "yes": "false false"} {
		w, _ := ask("GET", "/?f="+value, "", "")
		q, _ := input.Query(w, "f")
		if on, ok := input.Flag(w, q, "f"); fmt.Sprint(on, ok) != want {
			t.Errorf("%q: %v %v, want %s", value, on, ok, want)
		}
	}
}

func TestForms(t *testing.T) {
	w, _ := ask("POST", "/", "application/x-www-form-urlencoded; charset=utf-8", "a=b&c=%zz")
	if q, err := input.BrowserForm(w); err != nil || q.Get("a") != "b" {
		t.Errorf("a browser's form: %v, %v", q, err)
	}
	w, _ = ask("POST", "/?a=query", "application/x-www-form-urlencoded", "a=b")
	if q, err := input.StrictForm(w); err != nil || len(q["a"]) != 1 || q.Get("a") != "b" {
		t.Errorf("a client's form: %v, %v", q, err)
	}
	w, _ = ask("POST", "/", "application/x-www-form-urlencoded", "a=%zz")
	if _, err := input.StrictForm(w); err == nil {
		t.Error("a client's form may be malformed")
	}
}
