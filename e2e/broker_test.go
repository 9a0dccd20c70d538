package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// runs are the blocks of a page that say how they are run.
var runs = regexp.MustCompile("(?s)<!-- run: (\\w+) -->\n```\\w+\n(.*?)```")

// What docs/token-broker.md shows works as it stands.
func TestTokenBrokerPage(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	page, err := os.ReadFile("../docs/token-broker.md")
	if err != nil {
		t.Fatal(err)
	}
	n := install(t, `integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_client_id: 5a1d1c2e-8b7e-4a53-a2b5-0c9e7d6f4b31
        oauth_client_secret: secret_Rn7VxQ2k
        oauth_scopes: ''
`)
	server := n.start("--sandbox", "serve", "--addr", "127.0.0.1:0", "--no-access-log")
	url, key := server.line(), server.line()
	blocks := runs.FindAllSubmatch(page, -1)
	if len(blocks) != 6 {
		t.Errorf("%d blocks are run", len(blocks))
	}
	for _, b := range blocks {
		with, text := string(b[1]), string(b[2])
		args := map[string][]string{"sh": {"-c", text}, "python3": {"-c", text}, "node": {"--input-type=module", "-e", text}}[with]
		if args == nil {
			t.Fatalf("a block is run with %q", with)
		}
		cmd := exec.Command(with, args...)
		cmd.Dir, cmd.Env = npm, []string{"PATH=" + os.Getenv("PATH"), "URL=" + url, "KEY=" + key}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s\n%s", with, err, text, out)
			continue
		}
		if got := string(out); !strings.Contains(got, `"access_token":"`) && !strings.Contains(got, `"got":true,"usable":true`) &&
			!strings.Contains(got, `{"got": true, "usable": true}`) && !strings.Contains(got, `"object":`) {
			t.Errorf("%s printed %s", with, got)
		}
	}
}
