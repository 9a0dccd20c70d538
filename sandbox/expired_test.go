package sandbox_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// An API that says in the body that a token has expired says so here, too, even if
// no sample shows it.
func TestExpiredAsRefreshOnSays(t *testing.T) {
	in := notionLike("expiring")
	in.Auth.RefreshOn = []schema.Condition{{Body: map[string]any{"code": "token_old"}}}
	f := newFlow(t, in, &sandbox.Options{Faults: []sandbox.Fault{sandbox.FaultExpired}})
	_, got := f.get("/v1/users", f.connect().text("access_token"), nil)
	if got.text("code") != "token_old" {
		t.Errorf("code %q, want token_old", got.text("code"))
	}
}

// A key may hold a dot, and items may call their id what they like.
func TestKeysWithDots(t *testing.T) {
	for _, id := range []string{"ChatID", "grpid", "DOI"} {
		walkChats(t, id)
	}
}

func walkChats(t *testing.T, id string) {
	t.Helper()
	in := listing(&schema.Pagination{Kind: "link", Items: "value", Link: &schema.PageLink{Response: "@odata.nextLink"}}, "/chats",
		map[string]any{"@odata.nextLink": "https://list.example.com/api/chats?$skip=1", "value": []any{map[string]any{id: "a"}}})
	rt := sandbox.NewMux(newProvider(t, in, &sandbox.Options{Items: 2})).Transport()
	next, _ := url.Parse("https://list.example.com/api/chats?key=k")
	seen := map[string]bool{}
	for next != nil && len(seen) < 3 {
		page, _ := fetch(t, rt, next)
		body, _ := page.(map[string]any)
		for _, item := range body["value"].([]any) {
			seen[item.(map[string]any)[id].(string)] = true
		}
		link, _ := body["@odata.nextLink"].(string)
		if next = nil; link != "" {
			next, _ = url.Parse(link + "&key=k")
		}
	}
	if len(seen) != 2 {
		t.Errorf("walked over %v by %s, want two items", seen, id)
	}
}

// X tells the end of a grant by the description alone, so that stays as it is.
func TestEndOfGrantInTheProvidersWords(t *testing.T) {
	in := notionLike("ending")
	in.Requests.Errors.Rules = []schema.ErrorRule{{When: schema.Condition{Body: map[string]any{"error": "invalid_request", "error_description": "Token is dead."}}, Kind: "reauthorize"}}
	for _, description := range []string{"Something else.", "Token is dead."} {
		in.Samples = append(in.Samples, schema.Sample{Kind: schema.SampleTokenError, Response: schema.SampleResponse{Status: 400,
			Body: map[string]any{"error": "invalid_request", "error_description": description}}})
	}
	f := newFlow(t, in, nil)
	token := f.connect().text("refresh_token")
	f.do(f.refreshRequest(token))
	resp, got := f.do(f.refreshRequest(token)) // rotated away
	if got.text("error") != "invalid_request" || got.text("error_description") != "Token is dead." || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("got %d, %v", resp.StatusCode, got)
	}
	if resp.Header.Get(sandbox.RefusalHeader) == "" {
		t.Error("the refusal does not say why")
	}
}
