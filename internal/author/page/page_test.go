package page

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

var update = flag.Bool("update", false, "rewrite golden files")

// bundled returns every blueprint of the catalog.
func bundled(t *testing.T) []*schema.Blueprint {
	t.Helper()
	list, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func pageOf(t *testing.T, ref string) *Page {
	t.Helper()
	name, version, _ := strings.Cut(ref, ":")
	c, _ := loader.Builtin()
	b, _, ok := c.Lookup(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	p := Of(b, version)
	if p == nil {
		t.Fatalf("there is no %s", ref)
	}
	return p
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-update rewrites it) (-want +got):\n%s", file, diff)
	}
}

// TestGolden shows two pages in every form: one of OAuth2 with all that there is,
// one of a kind that has little.
func TestGolden(t *testing.T) {
	files, err := Site(bundled(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"notion:v1", "airtable:v0"} {
		p := pageOf(t, ref)
		var text, markdown bytes.Buffer
		if err := p.Text(&text, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, p.Name+".txt", text.Bytes())
		if err := p.Markdown(&markdown); err != nil {
			t.Fatal(err)
		}
		golden(t, p.Name+".md", markdown.Bytes())
		i := slices.IndexFunc(files, func(f File) bool { return f.Name == p.Name+"/"+p.Version+".html" })
		golden(t, p.Name+".html", files[i].Data)
		j, err := json.MarshalIndent(p, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, p.Name+".json", append(j, '\n'))
	}
}

// TestTextFits holds prose to the width of the terminal. What is to be copied
// stays whole.
func TestTextFits(t *testing.T) {
	for _, b := range bundled(t) {
		for _, p := range All(b) {
			var out bytes.Buffer
			if err := p.Text(&out, TextOptions{Width: 60, Styled: true}); err != nil {
				t.Fatal(err)
			}
			whole := append(strings.Split(p.Use.YAML, "\n"), slices.Concat(p.Use.Connect, p.Use.Try, []string{p.Play})...)
			if len(p.Operations) > 0 {
				whole = append(whole, p.OperationsCommand())
			}
			for _, f := range slices.Concat(p.Auth, p.Requests) {
				if f.Code {
					whole = append(whole, strings.Split(f.Value, "\n")...)
				}
			}
			for line := range strings.Lines(out.String()) {
				text := strings.TrimSpace(ansi().ReplaceAllString(line, ""))
				copied := slices.ContainsFunc(whole, func(s string) bool { return s != "" && strings.HasSuffix(text, strings.TrimSpace(s)) })
				if width(line)-1 > 60 && !copied && strings.Contains(text, " ") {
					t.Errorf("%s: %d letters: %s", p.Ref(), width(line)-1, line)
				}
			}
		}
	}
}

// TestBlocksAreTakenUp pastes every block, filled in, into an integrations file.
func TestBlocksAreTakenUp(t *testing.T) {
	for _, b := range bundled(t) {
		for _, p := range All(b) {
			yaml := p.Use.YAML
			yaml = strings.ReplaceAll(yaml, "<YOUR SCOPES>", "[read]")
			yaml = fill.ReplaceAllString(yaml, "client-id")
			set := map[string]bool{}
			for _, v := range p.Use.Variables {
				set[v] = true
			}
			cfg, diags := loader.LoadBytes(t.Context(), "integrations.yaml", []byte(yaml), &loader.Options{
				LookupEnv: func(name string) (string, bool) {
					switch {
					case strings.HasSuffix(name, "_PRIVATE_KEY"):
						return sandbox.PrivateKey, set[name]
					case strings.HasSuffix(name, "_CLIENT_CERTIFICATE"):
						return sandbox.ClientCertificate, set[name]
					case strings.HasSuffix(name, "_CLIENT_CERTIFICATE_KEY"):
						return sandbox.ClientCertificateKey, set[name]
					}
					return "value", set[name]
				},
			})
			if err := diags.Err(); err != nil || cfg.Integrations[b.Name] == nil {
				t.Errorf("%s: %v\n%s", p.Ref(), err, yaml)
			}
		}
	}
}
