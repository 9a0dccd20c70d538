package verify

import "github.com/nango-lite/nango-lite/loader"

// places knows where a version says what, and keeps what was found there.
type places struct {
	catalog *loader.Catalog
	ref     string
	found   loader.Diagnostics
}

// report places a finding at the value at path, or at the nearest above it.
func (p *places) report(code string, path []string, message, document string) {
	p.place(code, path, message, document, false)
}

// reportName places a finding at the key at path.
func (p *places) reportName(code string, path []string, message, document string) {
	p.place(code, path, message, document, true)
}

func (p *places) place(code string, path []string, message, document string, name bool) {
	d := loader.Diagnostic{Severity: loader.Error, Code: code, Message: message}
	if code == codeOlder {
		d.Severity = loader.Warning
	}
	if document != "" {
		d.Related = []loader.Place{{File: document}}
	}
	for at := path; ; at = at[:len(at)-1] {
		key, value, ok := p.catalog.Where(p.ref, at...)
		if ok && value.Line > 0 {
			if name && len(at) == len(path) {
				value = key
			}
			d.Place = loader.Place{File: value.File, Line: value.Line, Column: value.Column}
			break
		}
		if len(at) == 0 {
			break
		}
	}
	p.found = append(p.found, d)
}

// says reports whether the version has a value at path.
func (p *places) says(path ...string) bool {
	_, _, ok := p.catalog.Where(p.ref, path...)
	return ok
}
