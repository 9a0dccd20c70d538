package doctor

import (
	"context"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/loader"
)

// configuration reads the files.
func (x *examination) configuration(ctx context.Context) {
	const check = "configuration"
	cfg, ds, made, err := x.Load(ctx)
	if err != nil {
		x.add(check, Failed, err.Error(), "nango-lite init BLUEPRINT")
		return
	}
	x.cfg = cfg
	what := strings.Join(x.Files, ", ") + ": " + console.Plural(len(cfg.Integrations), "integration") + " ok"
	switch validate := x.CommandLine("validate"); {
	case ds.HasErrors():
		x.add(check, Failed, what+", "+session.Count(ds, loader.Error), validate)
	case len(ds) > 0:
		x.add(check, Warning, what+", "+session.Count(ds, loader.Warning), validate)
	case len(cfg.Integrations) == 0:
		x.add(check, Failed, what, "nango-lite blueprints list")
	case made != nil:
		x.add(check, OK, what+"; the sandbox makes up what is left open", "")
	default:
		x.add(check, OK, what, "")
	}
}
