package engine

import "time"

// A LimitState says what a rate limit stands at.
type LimitState struct {
	ConnectionID string    // whose; empty where all connections share, or those that call one host
	PausedUntil  time.Time // nothing is sent before; zero or past: no pause
	Reason       string    // why there is a pause
	Waiting      int       // calls in line
	Running      int       // requests under way
}

// Limits returns the rate limits of an integration as they stand, for display.
// There are none before its first call. Where users name hosts of their own, a budget
// that connections share is one for each host.
func (e *Engine) Limits(integration string) []LimitState {
	var list []LimitState
	for _, s := range e.env.Limits.State(integration) {
		list = append(list, LimitState{s.Scope.Connection, s.Until, s.Reason, s.Waiting, s.Running})
	}
	return list
}

// ShareBudgets says that so many processes, this one included, call the same APIs as the
// same app: of each declared budget (requests.rate_limit.budget), this process keeps to an
// equal part from now on, so that the sum holds. What may start at once and what may be
// under way at once is one at least in each. What providers' answers teach is not shared.
func (e *Engine) ShareBudgets(processes int) { e.env.Limits.Share(processes) }
