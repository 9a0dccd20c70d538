package page

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/schema"
)

func siteOf(t *testing.T) map[string]string {
	t.Helper()
	files, err := Site(bundled(t))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		if _, twice := out[f.Name]; twice {
			t.Errorf("%s is written twice", f.Name)
		}
		out[f.Name] = string(f.Data)
	}
	return out
}

var (
	links   = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	loads   = regexp.MustCompile(`<(?:script|img|iframe|link|source|object|form)\b[^>]*(?:src|href|action|data)="([^"]*)"`)
	idNames = regexp.MustCompile(`\bid="([^"]*)"`)
	points  = regexp.MustCompile(`(?:aria-labelledby|for|data-copy)="([^"]*)"`)
)

// TestSiteHoldsTogether: links lead to pages of the site, nothing is loaded from
// elsewhere, ids are used once and those that are pointed to exist.
func TestSiteHoldsTogether(t *testing.T) {
	site := siteOf(t)
	for name, text := range site {
		if path.Ext(name) != ".html" {
			continue
		}
		for _, m := range loads.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "//") {
				t.Errorf("%s loads %s", name, m[1])
			}
		}
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			to, _, _ := strings.Cut(m[1], "?")
			if strings.Contains(to, ":") || strings.HasPrefix(to, "#") {
				continue
			}
			if _, ok := site[path.Join(path.Dir(name), to)]; !ok {
				t.Errorf("%s links to %s, which is not there", name, to)
			}
		}
		var ids []string
		for _, m := range idNames.FindAllStringSubmatch(text, -1) {
			if slices.Contains(ids, m[1]) {
				t.Errorf("%s has the id %s twice", name, m[1])
			}
			ids = append(ids, m[1])
		}
		for _, m := range points.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(ids, m[1]) {
				t.Errorf("%s points to the id %s, which is not there", name, m[1])
			}
		}
		for _, landmark := range []string{`<html lang="en">`, "<main id=\"main\">", "<nav ", "<footer>", "<h1>", `<a class="skip" href="#main">`} {
			if strings.Count(text, landmark) == 0 {
				t.Errorf("%s has no %s", name, landmark)
			}
		}
	}
	for name, text := range site {
		if path.Ext(name) == ".css" && (strings.Contains(text, "url(") || strings.Contains(text, "@import")) {
			t.Errorf("%s loads something", name)
		}
	}
}

// TestSiteIsTheSameTwice: maps do not decide about the order of anything.
func TestSiteIsTheSameTwice(t *testing.T) {
	if diff := cmp.Diff(siteOf(t), siteOf(t)); diff != "" {
		t.Error(diff)
	}
}

// TestForeignTextIsText: a blueprint may be anybody's.
func TestForeignTextIsText(t *testing.T) {
	const evil = "<script>alert(1)</script>\x1b[31m \"' | `x`"
	b := &schema.Blueprint{Name: "x", DisplayName: evil, Maintainer: evil, DocsURL: "javascript:alert(1)", Categories: []string{evil},
		Versions: map[string]*schema.Version{"v0": {Comment: evil, Auth: schema.Auth{AuthMode: schema.OAuth2, TokenURL: evil},
			Requests: schema.Requests{BaseURL: evil, Headers: map[string]string{evil: evil}},
			Notes:    []schema.Note{{Text: evil, Key: evil, DocsURL: "javascript:alert(1)"}}}}}
	files, err := Site([]*schema.Blueprint{b})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if path.Ext(f.Name) == ".html" && (bytes.Contains(f.Data, []byte("<script>alert")) || bytes.Contains(f.Data, []byte(`"javascript:`))) {
			t.Errorf("%s takes text for markup", f.Name)
		}
	}
	var text bytes.Buffer
	if err := Of(b, "v0").Text(&text, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "\x1b") {
		t.Error("a terminal gets what it would obey")
	}
}
