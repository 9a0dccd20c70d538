package bench

import (
	"context"
	"sync"

	"github.com/nango-lite/nango-lite/loader"
)

// A Status says what became of a step.
type Status string

// The states of a step.
const (
	Passed Status = "passed"
	Failed Status = "failed"
	Absent Status = "absent" // the mode, or the entry, does not have it
)

// A Result is what became of a step.
type Result struct {
	Step   string `json:"step"`
	Status Status `json:"status"`
	Detail string `json:"detail,omitempty"` // what was looked at, what went wrong, or why there is nothing
}

// A Report is what became of an entry.
type Report struct {
	Entry string   `json:"entry"` // name:version
	Mode  string   `json:"auth_mode"`
	Live  bool     `json:"live,omitempty"` // played with the real provider
	Steps []Result `json:"steps"`
}

// Failed reports whether a step failed.
func (r Report) Failed() bool {
	for _, s := range r.Steps {
		if s.Status == Failed {
			return true
		}
	}
	return false
}

// Step returns the result of a step, which is absent if it was not run.
func (r Report) Step(name string) Result {
	for _, s := range r.Steps {
		if s.Step == name {
			return s
		}
	}
	return Result{Step: name, Status: Absent}
}

// Catalog plays the named versions of c, all at the same time, and returns their
// reports in the same order: the coverage of a catalog as data. Without names
// these are all there are. A version that cannot be resolved has failed its first
// step.
func Catalog(ctx context.Context, c *loader.Catalog, refs []string, opts Options) []Report {
	if refs == nil {
		refs = Refs(c)
	}
	reports := make([]Report, len(refs))
	var all sync.WaitGroup
	for i, ref := range refs {
		all.Go(func() {
			if opts.Played != nil {
				defer opts.Played()
			}
			e, err := Resolve(ctx, c, ref)
			if err != nil {
				reports[i] = Report{Entry: ref, Steps: []Result{{Step: steps[0].name, Status: Failed, Detail: err.Error()}}}
				return
			}
			reports[i] = e.Run(ctx, opts)
		})
	}
	all.Wait()
	return reports
}
