package lint_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/lint"
)

// weakened lints the clean file with more under auth, and returns what was found.
func weakened(t *testing.T, auth, note string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/clean.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(data), "            scopes: none\n", "            "+auth+"\n            scopes: none\n", 1)
	if note != "" {
		changed += "            - text: The provider takes nothing else.\n              key: " + note + "\n"
	}
	return text(lint.Check(loader.NewCatalog(fstest.MapFS{"clean.yaml": {Data: []byte(changed)}}), "clean.yaml", []byte(changed)))
}

// The password grant is never a default, and an entry that uses it says why.
func TestS6_PasswordGrantNeedsAReason(t *testing.T) {
	const grant = "token_params: {grant_type: password}"
	if got := weakened(t, grant, ""); !strings.Contains(got, "[unexplained-grant]") {
		t.Errorf("without a reason:\n%s", got)
	}
	if got := weakened(t, grant, "auth.token_params.grant_type"); strings.Contains(got, "[unexplained-grant]") {
		t.Errorf("with a reason:\n%s", got)
	}
}

// PKCE that is off or plain needs a written reason, and so does a credential in a
// query.
func TestS7_S12_S13_WeakerNeedsAReason(t *testing.T) {
	for _, c := range []struct{ auth, code, key string }{
		{"pkce: plain", "unexplained-pkce", "auth.pkce"},
		{"pkce: false", "unexplained-pkce", "auth.pkce"},
		{"token_request_method: GET", "unexplained-query-credential", "auth.token_request_method"},
	} {
		if got := weakened(t, c.auth, ""); !strings.Contains(got, "["+c.code+"]") {
			t.Errorf("%s without a reason:\n%s", c.auth, got)
		}
		if got := weakened(t, c.auth, c.key); strings.Contains(got, "["+c.code+"]") {
			t.Errorf("%s with a reason:\n%s", c.auth, got)
		}
	}
}
