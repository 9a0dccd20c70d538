package session

import (
	"context"

	"github.com/nango-lite/nango-lite/internal/author/page"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// withoutFile plays an entry of the catalog, as its page says to use it, for somebody who
// has no file yet: there is nothing in one that the sandbox would not make up. It returns
// nil where that is not wanted, or there is no such entry.
func (s *Session) withoutFile(ctx context.Context, name string) *schema.Integration {
	if s.Sandbox == "" || len(s.Files) != 1 || s.Files[0] != DefaultFile || s.CheckFiles() == nil {
		return nil
	}
	b, _, ok := s.Catalog().Lookup(name)
	if !ok {
		return nil
	}
	versions := page.Versions(b)
	newest := page.Of(b, versions[len(versions)-1])
	made := &Inventions{}
	cfg, _ := loader.LoadBytes(ctx, DefaultFile, []byte(newest.Use.YAML), &loader.Options{
		Blueprints: s.Layers(), LookupEnv: s.Deps.LookUp, Invent: made.invent,
	})
	in := cfg.Integrations[name]
	if in == nil {
		return nil
	}
	shortTimeout(in)
	inventKey(in)
	s.Notef("there is no file %s: %s is played as 'nango-lite blueprints show %s' says to use it", DefaultFile, name, newest.Ref())
	s.TellInventions(made, name)
	return in
}
