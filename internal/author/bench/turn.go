package bench

import "context"

// turns are the checks that run at the same time on a real clock. The engine's
// deadlines go by that clock: were all checks of a catalog under way at once, some
// would wait for the processor longer than a provider has time to answer.
var turns = make(chan struct{}, 96)

// take runs a check when it is its turn. Under testing/synctest it always is: the
// clock stands while anyone works.
func take(ctx context.Context, c check) error {
	if !fake() {
		turns <- struct{}{}
		defer func() { <-turns }()
	}
	return guarded(ctx, c)
}
