package mutate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const file = `name: acme
display_name: Acme
versions:
    v0:
        comment: What it is.
        auth: {auth_mode: API_KEY}
        requests:
            base_url: https://api.acme.example/v1
            headers: {X-Key: "${api_key}"}
            retries: &retries {max_retries: 2}
            errors: {rules: [{when: {status: [401, 403]}, kind: denied}]}
        samples: [{request: {path: /me}}]
        notes: [{text: A note., when: {status: 404}}]
    v1:
        requests: {retries: *retries}
`

func TestMutants(t *testing.T) {
	mutants, err := Mutants([]byte(file), "v0")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, m := range mutants {
		if got[m.Path+" "+m.Change] {
			t.Errorf("%s %s is there twice", m.Path, m.Change)
		}
		got[m.Path+" "+m.Change] = true
		for _, key := range Documentation {
			if strings.HasSuffix(m.Path, key) {
				t.Errorf("%s is for readers", m.Path)
			}
		}
	}
	for _, want := range []string{
		"name acme → acmex",
		"auth.auth_mode API_KEY → NONE",
		"requests.base_url https://api.acme.example/v1 → https://xapi.acme.example/v1",
		"requests.headers.X-Key key X-Key → X-Keyx",
		"requests.headers.X-Key ${api_key} → ${api_key}x",
		"requests.retries.max_retries 2 → 3",
		"requests.errors.rules.0.when.status.1 removed",
		"requests.errors.rules.0.when.status.1 403 → 402",
		"requests.errors.rules.0.kind denied → client",
		"notes.0.when.status 404 → 405",
	} {
		if !got[want] {
			t.Errorf("there is no mutant %s", want)
		}
	}
}

// Each mutant differs from the original, and none inherits the change of another.
func TestMutantsAreOneChangeEach(t *testing.T) {
	same, err := Same([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	mutants, err := Mutants([]byte(file), "v0")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		var doc yaml.Node
		if err := yaml.Unmarshal(m.Data, &doc); err != nil {
			t.Errorf("%s %s: %v", m.Path, m.Change, err)
		}
		was, is := bytes.Split(same, []byte("\n")), bytes.Split(m.Data, []byte("\n"))
		changed := 0
		for i := range was {
			if i >= len(is) || !bytes.Equal(was[i], is[i]) {
				changed++
			}
		}
		if changed != 1 && !strings.Contains(m.Change, "removed") {
			t.Errorf("%s %s changes %d lines", m.Path, m.Change, changed)
		}
	}
}

// An anchor is changed where it stands, for the version that refers to it.
func TestMutantsFollowAliases(t *testing.T) {
	mutants, err := Mutants([]byte(file), "v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		if m.Path == "requests.retries.max_retries" && bytes.Contains(m.Data, []byte("max_retries: 3")) {
			return
		}
	}
	t.Error("the aliased value is in no mutant")
}

func TestReadSurvivors(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	write := func(row string) {
		if err := os.WriteFile(page, []byte("# Title\n\n| entry | value | change | why |\n|---|---|---|---|\n"+row+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("| acme:v0 | `auth.pkce` | `S256 → plain` | They are one. |")
	got, err := ReadSurvivors(page)
	if err != nil || len(got) != 1 || got[0] != (Survivor{"acme:v0", "auth.pkce", "S256 → plain", "They are one."}) {
		t.Errorf("got %v, %v", got, err)
	}
	write("| acme:v0 | `auth.pkce` | `S256 → plain` | |")
	if _, err := ReadSurvivors(page); err == nil {
		t.Error("a row without a reason was taken")
	}
}
