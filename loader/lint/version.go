package lint

import (
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/media"
	"github.com/nango-lite/nango-lite/internal/xmldoc"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// A version is what the rules look at.
type version struct {
	*schema.Version
	ref     string
	key     schema.Origin // of the version
	catalog *loader.Catalog
	found   loader.Diagnostics
}

// newVersion reads samples that are XML as the engine does, so that the rules look for
// paths in what stands below the root.
func newVersion(typed *schema.Version, ref string, key schema.Origin, catalog *loader.Catalog) *version {
	own := *typed
	own.Samples = slices.Clone(typed.Samples)
	for i := range own.Samples {
		r := &own.Samples[i].Response
		text, is := r.Body.(string)
		if !is || !isXML(r.Headers) {
			continue
		}
		if doc, err := xmldoc.Decode([]byte(text)); err == nil {
			r.Body = doc
		}
	}
	return &version{Version: &own, ref: ref, key: key, catalog: catalog}
}

func isXML(headers map[string]string) bool {
	for name, v := range headers {
		if strings.EqualFold(name, "Content-Type") {
			return media.IsXML(media.Of(v))
		}
	}
	return false
}

// report places a finding at a dotted path of the version, or at the nearest key
// above it that is there.
func (v *version) report(code, at, message, hint string) {
	v.reportAt(code, strings.Split(at, "."), message, hint)
}

func (v *version) reportAt(code string, path []string, message, hint string) {
	_, value := v.nearest(path)
	v.found = append(v.found, finding(code, value, message, hint))
}

// reportKey places a finding at a key, where its name is what is wrong.
func (v *version) reportKey(code string, path []string, message, hint string) {
	key, _ := v.nearest(path)
	v.found = append(v.found, finding(code, key, message, hint))
}

func (v *version) nearest(path []string) (key, value schema.Origin) {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if key, value, ok := v.catalog.Where(v.ref, path...); ok && value.Line > 0 {
			return key, value
		}
	}
	return v.key, v.key
}

// has reports whether the version says something at a dotted path.
func (v *version) has(at string) bool {
	_, _, ok := v.catalog.Where(v.ref, strings.Split(at, ".")...)
	return ok
}

func finding(code string, at schema.Origin, message, hint string) loader.Diagnostic {
	return loader.Diagnostic{
		Place:    loader.Place{File: at.File, Line: at.Line, Column: at.Column},
		Severity: severities[code], Code: code, Message: message, Hint: hint,
	}
}
