package session

import (
	"maps"
	"slices"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/server"
)

// Providers are the catalog as a server tells of it. Blueprints that cannot be read are
// not among them; 'blueprints lint' says why.
func (s *Session) Providers() server.Catalog { return providers{s.Catalog()} }

type providers struct{ *loader.Catalog }

var _ server.Catalog = providers{}

// Provider returns the newest version of a blueprint.
func (p providers) Provider(name string) (*server.Provider, bool) {
	b, _, ok := p.Lookup(name)
	if !ok || len(b.Versions) == 0 {
		return nil, false
	}
	newest := slices.MaxFunc(slices.Collect(maps.Keys(b.Versions)), loader.CompareVersions)
	return &server.Provider{Name: b.Name, DisplayName: b.DisplayName, DocsURL: b.DocsURL, Categories: b.Categories, Version: b.Versions[newest]}, true
}
