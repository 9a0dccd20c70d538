package loader

import (
	"github.com/nango-lite/nango-lite/loader/internal/check"
	"github.com/nango-lite/nango-lite/loader/internal/rules"
)

// checkWhole holds what about says is resolved to the schema and to the rules that
// join several keys. How says how the rules look at it.
func checkWhole(about subject, how rules.Subject) (ds Diagnostics) {
	findings, err := check.Integration.Validate(about.root.JSON())
	if err != nil {
		return Diagnostics{about.at(about.key, "internal", err.Error(), "")}
	}
	for _, f := range findings {
		ds = append(ds, about.describe(f)...)
	}
	how.Root, how.Shape, how.Key = about.root, about.shape, about.key
	for _, f := range rules.Check(how) {
		ds = append(ds, about.broken(f))
	}
	return ds
}

// broken puts the finding of a rule at the place to speak about it.
func (s subject) broken(f rules.Finding) Diagnostic {
	d := s.at(f.At, f.Code, f.Message, f.Hint)
	if f.Warning {
		d.Severity = Warning
	}
	return d
}

// diagnosed are findings about a file as it is written.
func diagnosed(findings []rules.Finding) (ds Diagnostics) {
	for _, f := range findings {
		ds = append(ds, subject{}.broken(f))
	}
	return ds
}
