package lint

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

var versionName = lazyregexp.New(`^v(0|[1-9][0-9]*)$`)

// aboutFile checks what stands outside the versions, and the order of all.
func (l *linter) aboutFile(root *tree.Node) {
	if f := root.Field("name"); f != nil && root.Get("docs_url") == nil {
		l.report("missing-docs-url", f.At, `missing key "docs_url"`, "link the page where the provider documents its API")
	}
	if n := root.Get("display_name"); n != nil && n.Kind == tree.String {
		switch {
		case strings.TrimSpace(n.Text) != n.Text:
			l.report("display-name", n.Origin, "the display name has spaces around it", "")
		case utf8.RuneCountInString(n.Text) > 60:
			l.report("display-name", n.Origin, "the display name is longer than 60 letters", "")
		}
	}
	if n := root.Get("maintainer"); n != nil && strings.HasPrefix(n.Text, "Your Name") {
		l.report("template-left", n.Origin, "the maintainer is still that of the template", "say who to ask")
	}
	if versions := root.Get("versions"); versions != nil {
		for _, f := range versions.Fields {
			if !versionName().MatchString(f.Name) {
				l.report("version-name", f.At, fmt.Sprintf("version %q is not called v0, v1, …", f.Name), "")
			}
		}
	}
	for _, d := range disorder(root) {
		l.report(d.code, d.at, d.message, "--fix moves it")
	}
}

// status: who must leave a version needs to know where to.
func status(v *version) {
	if v.Comment == "" {
		v.report("missing-comment", "comment", "this version does not say what it covers", "add a comment")
	}
	deprecated := v.Status == "deprecated"
	switch {
	case deprecated && v.Successor == "":
		v.report("missing-successor", "status", "a deprecated version names its successor", "")
	case !deprecated && v.Successor != "":
		v.report("stray-successor", "successor", "this version has a successor and is not deprecated", "")
	case deprecated:
		v.successor()
	}
	if !deprecated && v.Sunset != "" {
		v.report("stray-successor", "sunset", "this version ends and is not deprecated", "write status: deprecated, and the successor")
	}
}

func (v *version) successor() {
	name, _, pinned := strings.Cut(v.Successor, ":")
	var next *schema.Version
	if pinned {
		next, _ = v.catalog.Version(v.Successor)
	}
	switch {
	case !pinned:
		v.report("unknown-successor", "successor", fmt.Sprintf("%q names no version", v.Successor), "write "+name+":v1, or whichever it is")
	case v.Successor == v.ref:
		v.report("unknown-successor", "successor", "this version is its own successor", "")
	case next == nil:
		v.report("unknown-successor", "successor", fmt.Sprintf("the catalog has no %s that can be used", v.Successor), "")
	case next.Status == "deprecated":
		v.report("unknown-successor", "successor", v.Successor+" is deprecated, too", "")
	}
}
