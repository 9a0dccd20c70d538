package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// What an agent is offered is what its key reaches, whatever its address says.
func TestAgentsAreOfferedWhatTheirKeyReaches(t *testing.T) {
	s := newStage(t, func(o *server.Options) {
		o.PublicURL = "https://connect.example"
		o.Agents = func(w http.ResponseWriter, r *http.Request, a server.Agent) {
			var reach []string
			for _, of := range a.Reach {
				reach = append(reach, fmt.Sprintf("%s %s more %t", of.Integration, strings.Join(of.Connections, "+"), of.More))
			}
			other := engine.Key{Integration: "tides", ConnectionID: "user-43"}
			fmt.Fprintf(w, "%s; %v; reaches user-43 %t; link %t", strings.Join(reach, ", "), a.Effects, a.Reaches(other),
				strings.HasPrefix(a.Link(r.Context(), other), "https://connect.example/connect/again?link="))
		}
	})
	s.connect("tides", "user-43", engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("x")}})
	may := []server.Scope{server.ScopeMCP}
	cases := []struct {
		key   server.APIKey
		query string
		want  string
	}{
		{server.APIKey{Scopes: may, Connections: []string{"tides/user-42"}}, "", "tides user-42 more false; [read]; reaches user-43 false; link true"},
		{server.APIKey{Scopes: may, Connections: []string{"tides/new"}, Effects: []schema.Effect{"read", "write"}}, "", "tides new more false; [read write]; reaches user-43 false; link true"},
		{server.APIKey{Scopes: may, Connections: []string{"tides/*"}}, "", "tides user-42+user-43 more true; [read]; reaches user-43 true; link true"},
		{server.APIKey{Scopes: may}, "?connection=user-43", "tides user-43 more false; [read]; reaches user-43 true; link true"},
		{server.APIKey{Scopes: may, Connections: []string{"tides/user-42"}}, "?connection=user-43", `{"error":{"code":"forbidden"`},
		{server.APIKey{Scopes: may, Connections: []string{"tides/user-42"}}, "?integration=lamps", `{"error":{"code":"forbidden"`},
		{server.APIKey{Scopes: may, Connections: []string{"tides/user-42"}}, "?user=user-43", `{"error":{"code":"invalid_query_params"`},
		{server.APIKey{Scopes: []server.Scope{server.ScopeOperations}}, "", `{"error":{"code":"forbidden"`},
	}
	keys := make([]string, len(cases)) // made before the server reads them
	for i, c := range cases {
		c.key.Name = fmt.Sprint("key", i)
		text, err := server.CreateAPIKey(t.Context(), s.records, c.key)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = text.Reveal()
	}
	for i, c := range cases {
		if a := s.send("POST", "/mcp"+c.query, keys[i], `{}`); !strings.HasPrefix(a.body, c.want) {
			t.Errorf("%+v%s: got %s, want %s", c.key, c.query, a.body, c.want)
		}
	}
	if a := s.do("POST", "/mcp", strings.NewReader(`{}`)); a.StatusCode != 401 || a.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("without a key: %d", a.StatusCode)
	}
	without := newStage(t, nil)
	without.want(without.send("POST", "/mcp", operator, `{}`), 501, "not_implemented")
}
