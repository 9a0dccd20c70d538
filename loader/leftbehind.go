package loader

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// secretURLs are where a client secret or a token goes.
var secretURLs = [][]string{
	{"auth", "token_url"}, {"auth", "refresh_url"}, {"auth", "revocation_url"}, {"auth", "introspection_url"},
	{"auth", "device_authorization_url"}, {"auth", "pushed_authorization_url"}, {"auth", "request_url"}, {"requests", "base_url"},
}

// leftBehind warns of URLs that still go to the provider's own host where the file sends
// others elsewhere: whoever calls an installation of their own would give the provider the
// secrets of it. What the file writes out itself is meant.
func leftBehind(v *version, n, whole *tree.Node, report func(Diagnostic)) {
	if v == nil {
		return
	}
	told := map[string]bool{}
	for _, from := range [][]string{{"auth", "token_url"}, {"requests", "base_url"}} {
		if !movesAway(v, n, from) {
			continue
		}
		home := site(v.node.Str(from...))
		for _, path := range append(slices.Clone(secretURLs), lookUpURLs(whole)...) {
			at := whole.Get(path...)
			key := strings.Join(path, ".")
			if at == nil || told[key] || at.Origin.Blueprint == "" || home == "" || site(at.Text) != home {
				continue
			}
			told[key] = true
			report(Diagnostic{Place: placeOf(n.Get(from...).Origin), Severity: Warning, Code: "url-left-behind", Related: []Place{placeOf(at.Origin)},
				Message: fmt.Sprintf("%s goes elsewhere, and %s still to %s", strings.Join(from, "."), key, hostOf(at.Text)),
				Hint:    "override it as well, or write it out here if that is meant"})
		}
	}
}

// movesAway reports whether the file sends a URL of the blueprint to another site; the
// machine itself, where tests play providers, is none.
func movesAway(v *version, n *tree.Node, path []string) bool {
	was, is := v.node.Str(path...), n.Str(path...)
	return was != "" && is != "" && site(was) != site(is) && !schema.IsLoopback(hostOf(is))
}

// lookUpURLs are those of fields that are looked up elsewhere than at the API.
func lookUpURLs(whole *tree.Node) (paths [][]string) {
	connection := whole.Get("connection")
	if connection == nil {
		return nil
	}
	for _, f := range connection.Fields {
		if whole.Str("connection", f.Name, "request", "url") != "" {
			paths = append(paths, []string{"connection", f.Name, "request", "url"})
		}
	}
	return paths
}

// hostOf returns the host of a URL, with * for what is filled in.
func hostOf(text string) string {
	var plain strings.Builder
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return ""
	}
	for _, p := range t.Parts {
		if p.Refs == nil {
			plain.WriteString(p.Literal)
		} else {
			plain.WriteString("*")
		}
	}
	u, err := url.Parse(plain.String())
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// site is the last two labels of a URL's host: what one provider has in common. It is
// empty where a placeholder stands in them.
func site(text string) string {
	labels := strings.Split(hostOf(text), ".")
	if len(labels) < 2 {
		return ""
	}
	site := strings.Join(labels[len(labels)-2:], ".")
	if strings.Contains(site, "*") {
		return ""
	}
	return site
}
