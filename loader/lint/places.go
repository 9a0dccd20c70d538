package lint

import (
	"strings"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// places knows where a version says what, and keeps what was found there.
type places struct {
	ref     string
	key     schema.Origin // of the version
	catalog *loader.Catalog
	found   loader.Diagnostics
}

// report places a finding at a dotted path of the version, or at the nearest key
// above it that is there.
func (p *places) report(code, at, message, hint string) {
	p.reportAt(code, strings.Split(at, "."), message, hint)
}

func (p *places) reportAt(code string, path []string, message, hint string) {
	_, value := p.nearest(path)
	p.found = append(p.found, finding(code, value, message, hint))
}

// reportKey places a finding at a key, where its name is what is wrong.
func (p *places) reportKey(code string, path []string, message, hint string) {
	key, _ := p.nearest(path)
	p.found = append(p.found, finding(code, key, message, hint))
}

func (p *places) nearest(path []string) (key, value schema.Origin) {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if key, value, ok := p.catalog.Where(p.ref, path...); ok && value.Line > 0 {
			return key, value
		}
	}
	return p.key, p.key
}

// has reports whether the version says something at a dotted path.
func (p *places) has(at string) bool {
	_, _, ok := p.catalog.Where(p.ref, strings.Split(at, ".")...)
	return ok
}

func finding(code string, at schema.Origin, message, hint string) loader.Diagnostic {
	return loader.Diagnostic{
		Place:    loader.Place{File: at.File, Line: at.Line, Column: at.Column},
		Severity: severities[code], Code: code, Message: message, Hint: hint,
	}
}
