package page

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"slices"
	"strings"
	"sync"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// A File is part of a site.
type File struct {
	Name string // with slashes, below the site's directory
	Data []byte
}

// Site returns a static site: index.html, <name>/<version>.html, and
// <name>/index.html for the newest version. It loads nothing from elsewhere, can
// be read from disk, and works without scripts, which add the search. The same
// catalog gives the same bytes.
func Site(catalog []*schema.Blueprint) ([]File, error) {
	var files []File
	for _, name := range []string{"style.css", "search.js", "copy.js"} {
		data, err := assets.ReadFile("site/" + name)
		if err != nil {
			return nil, err
		}
		files = append(files, File{name, data})
	}
	var entries []entry
	for _, b := range catalog {
		pages := All(b)
		if len(pages) == 0 {
			continue
		}
		entries = append(entries, entry{newest(pages), pages})
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Compare(strings.ToLower(a.DisplayName), strings.ToLower(b.DisplayName))
	})
	for _, e := range entries {
		for _, p := range e.Pages {
			if err := addFile(&files, p.Name+"/"+p.Version+".html", "page.html", p); err != nil {
				return nil, err
			}
		}
		if err := addFile(&files, e.Name+"/index.html", "page.html", e.Page); err != nil {
			return nil, err
		}
	}
	return files, addFile(&files, "index.html", "index.html", entries)
}

// SuccessorFile is where the page of the successor stands beside this one, if
// the site has it there.
func (p *Page) SuccessorFile() string {
	name, version, _ := strings.Cut(p.Successor, ":")
	if name != p.Name || !slices.ContainsFunc(p.Versions, func(v VersionLine) bool { return v.Name == version }) {
		return ""
	}
	return version + ".html"
}

// newest is the last page of a blueprint that is not deprecated, or the last.
func newest(pages []*Page) *Page {
	for _, p := range slices.Backward(pages) {
		if !p.Deprecated() {
			return p
		}
	}
	return pages[len(pages)-1]
}

// An entry is a blueprint on the index.
type entry struct {
	*Page // the one to begin with
	Pages []*Page
}

// Words are what the search looks through.
func (e entry) Words() string {
	words := append([]string{e.Name, e.DisplayName, e.Comment}, e.Categories...)
	for _, p := range e.Pages {
		words = append(words, string(p.AuthMode), modeName(p.AuthMode))
	}
	return strings.ToLower(strings.Join(words, " "))
}

// Modes are those of all versions, each once.
func (e entry) Modes() []string {
	var out []string
	for _, p := range e.Pages {
		if name := modeName(p.AuthMode); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

//go:embed site
var assets embed.FS

var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"yaml":              highlight,
		"mode":              modeName,
		"whatPlays":         func() string { return whatPlays },
		"whatOperationsAre": func() string { return whatOperationsAre },
		"hue":               hue,
		"initial":           func(s string) string { return strings.ToUpper(string([]rune(s + "?")[:1])) },
		"lines":             func(s string) []string { return strings.Split(s, "\n") },
		"breaks":            breaks,
	}).ParseFS(assets, "site/*.html"))
})

func addFile(files *[]File, name, tmpl string, data any) error {
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, tmpl, data); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	*files = append(*files, File{name, b.Bytes()})
	return nil
}

// hue gives a name a colour of its own, always the same.
func hue(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return int(h.Sum32() % 360)
}

var tokens = lazyregexp.New(`(?m)#.*$|\$\{[^}]*\}|<YOUR [^>]*>|^\s*[A-Za-z0-9_-]+:`)

// highlight marks keys, comments and what is to be filled in.
func highlight(yaml string) template.HTML {
	var b strings.Builder
	last := 0
	for _, m := range tokens().FindAllStringIndex(yaml, -1) {
		b.WriteString(template.HTMLEscapeString(yaml[last:m[0]]))
		token := yaml[m[0]:m[1]]
		class := "key"
		switch token[0] {
		case '#':
			class = "comment"
		case '$', '<':
			class = "fill"
		}
		b.WriteString(`<span class="` + class + `">` + template.HTMLEscapeString(token) + `</span>`)
		last = m[1]
	}
	b.WriteString(template.HTMLEscapeString(yaml[last:]))
	return template.HTML(b.String()) // every part was escaped
}

// breaks lets long names and URLs end a line after / . and _.
func breaks(s string) template.HTML {
	return template.HTML(breakable().ReplaceAllString(template.HTMLEscapeString(s), "$0<wbr>"))
}

var breakable = lazyregexp.New(`[/._]`)
