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
	places
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
	return &version{Version: &own, places: places{ref: ref, key: key, catalog: catalog}}
}

func isXML(headers map[string]string) bool {
	for name, v := range headers {
		if strings.EqualFold(name, "Content-Type") {
			return media.IsXML(media.Of(v))
		}
	}
	return false
}
