package e2e

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A browser is a person at a provider's pages: it keeps cookies, follows
// redirects, and fills in each form that it meets.
type browser struct {
	t      *testing.T
	client *http.Client
	types  map[string]string // what it types into fields, by name
	button string            // "name=value" of the button it presses, if a form has several
}

func newBrowser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Jar: jar, Timeout: patience}}
}

// A shown page is where the browser is, and what it sees there.
type shown struct {
	url    *url.URL
	status int
	html   string
}

// open goes to an address and wherever it leads.
func (b *browser) open(address string) shown {
	b.t.Helper()
	resp, err := b.client.Get(address)
	return b.see(resp, err)
}

// submit sends forms until there is a page without one.
func (b *browser) submit(at shown) shown {
	b.t.Helper()
	for range 8 {
		action, fields, ok := at.form()
		if !ok {
			return at
		}
		for name := range fields {
			if text, ok := b.types[name]; ok {
				fields.Set(name, text)
			}
		}
		if name, value, ok := strings.Cut(b.button, "="); ok {
			fields.Set(name, value)
		}
		at = b.post(at, action, fields)
	}
	b.t.Fatalf("still a form after eight:\n%s", at.html)
	return shown{}
}

// post sends a form of a page.
func (b *browser) post(at shown, action string, fields url.Values) shown {
	b.t.Helper()
	to, err := at.url.Parse(action)
	if err != nil {
		b.t.Fatalf("a form of %s leads nowhere: %v", at.url.Redacted(), err)
	}
	resp, err := b.client.PostForm(to.String(), fields)
	return b.see(resp, err)
}

// click follows the link whose address has that in it.
func (b *browser) click(at shown, part string) shown {
	b.t.Helper()
	for _, m := range linkPattern.FindAllStringSubmatch(at.html, -1) {
		if to, err := at.url.Parse(html.UnescapeString(m[1])); err == nil && strings.Contains(to.Path, part) {
			return b.open(to.String())
		}
	}
	b.t.Fatalf("no link to %q on:\n%s", part, at.html)
	return shown{}
}

func (b *browser) see(resp *http.Response, err error) shown {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return shown{resp.Request.URL, resp.StatusCode, string(body)}
}

// Enough of HTML for the pages of programs whose versions are pinned.
var (
	formPattern  = regexp.MustCompile(`(?is)<form([^>]*)>(.*?)</form>`)
	inputPattern = regexp.MustCompile(`(?is)<input([^>]*)>`)
	linkPattern  = regexp.MustCompile(`(?is)<a[^>]*href="([^"]*)"`)
	attrPattern  = regexp.MustCompile(`(?is)([a-z-]+)\s*=\s*"([^"]*)"`)
)

// form returns the first form of the page.
func (s shown) form() (action string, fields url.Values, ok bool) {
	m := formPattern.FindStringSubmatch(s.html)
	if m == nil {
		return "", nil, false
	}
	fields = url.Values{}
	for _, in := range inputPattern.FindAllStringSubmatch(m[2], -1) {
		if a := attributes(in[1]); a["name"] != "" {
			fields.Set(a["name"], a["value"])
		}
	}
	return attributes(m[1])["action"], fields, true
}

func attributes(tag string) map[string]string {
	found := map[string]string{}
	for _, m := range attrPattern.FindAllStringSubmatch(tag, -1) {
		found[strings.ToLower(m[1])] = html.UnescapeString(m[2])
	}
	return found
}
