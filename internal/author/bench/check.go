package bench

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
)

// Options adjust a run. The zero Options are ready for use.
type Options struct {
	// Patient adds checks that wait longer than a person likes to.
	Patient bool
	// Step, if not empty, is the only step to be run.
	Step string
	// Played, if not nil, is called when one of a catalog's entries has been played, by
	// several goroutines.
	Played func()
}

// A check is one thing that has to hold. It builds its own world and shares
// nothing with the others.
type check struct {
	name string
	run  func(context.Context) error
}

// guarded runs a check. A panic, which a blueprint that nobody foresaw may cause,
// fails the check and not the program.
func guarded(ctx context.Context, c check) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v at %s", c.name, p, place(debug.Stack()))
		}
	}()
	if err = c.run(ctx); err != nil {
		err = fmt.Errorf("%s: %w", c.name, err)
	}
	return err
}

// place finds in a stack the line that panicked.
func place(stack []byte) string {
	_, after, _ := strings.Cut(string(stack), "panic(")
	for line := range strings.Lines(after) {
		if file, ok := strings.CutPrefix(line, "\t"); ok && strings.Contains(file, "nango-lite/") {
			return strings.TrimSpace(file)
		}
	}
	return "?"
}

// mostFailures of a step are told: one mistake in a blueprint fails many checks.
const mostFailures = 3

// failures says on one line what failed, or nothing.
func failures(errs []error) string {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	if more := len(texts) - mostFailures; more > 0 {
		texts = append(texts[:mostFailures], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}
