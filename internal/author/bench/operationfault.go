package bench

import (
	"context"
	"fmt"
	"net/http"

	"github.com/nango-lite/nango-lite/sandbox"
)

// repetitionChecks hold that an operation which is not declared repeatable reaches the
// provider at most once, whatever goes wrong, unless it was surely not done; and that
// one which is gets over what goes wrong. Those that cost real time are for the
// patient.
func (e operationStep) repetitionChecks(o Options) []check {
	var checks []check
	for _, f := range sandbox.Faults() {
		waits := f != sandbox.FaultReset && f != sandbox.FaultUnavailable || e.repeatable()
		if sandbox.OfToken(f) || waits && !o.Patient {
			continue
		}
		checks = append(checks, check{e.name + " and " + string(f), e.reaches(f)})
	}
	return checks
}

// notDone are the faults that say themselves that nothing was done.
var notDone = map[sandbox.Fault]bool{sandbox.FaultRateLimited: true, sandbox.FaultExpired: true, sandbox.FaultRevoked: true}

func (e operationStep) reaches(f sandbox.Fault) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.connected(ctx, setup{})
		if err != nil {
			return err
		}
		if err := st.provider.Fault(f, 1); err != nil {
			return err
		}
		_, err = st.engine.Do(ctx, st.key, e.name, exampleInputs(e.op)[0])
		got := len(st.wire.requests())
		if !e.repeatable() && !notDone[f] && got != 1 {
			return fmt.Errorf("%s, and it is not declared repeatable", plural(got, "request"))
		}
		if e.repeatable() && e.survives(f) && err != nil {
			return fmt.Errorf("it is declared repeatable, and did not get over it: %w", err)
		}
		return nil
	}
}

// survives reports whether the entry's retries get a call that may be repeated over a
// fault that happens once.
func (e operationStep) survives(f sandbox.Fault) bool {
	switch f {
	case sandbox.FaultReset, sandbox.FaultTimeout:
		return e.maxRetries() > 0
	case sandbox.FaultUnavailable:
		return e.maxRetries() > 0 && meaningOf(e.Played, &answer{status: http.StatusServiceUnavailable, header: http.Header{}}).again
	}
	return false
}
