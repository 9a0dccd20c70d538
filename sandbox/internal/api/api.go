// Package api plays what is below base_url: it holds that calls are authorised, counts
// them against the budget, and answers from samples, page by page, or in the shape of
// the provider's errors. Start with [API].
package api

import (
	"sync"

	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// An API is the API of a provider.
type API struct {
	*play.Stage
	gate    *gate
	shapes  *shapes
	lookUps []lookUpForm
	limiter limiter
	lists   sync.Map // of samples, at the length of Options.Items
}

// New returns the API on a stage; the error says which template cannot be read.
func New(stage *play.Stage) (*API, error) {
	g, err := newGate(stage)
	if err != nil {
		return nil, err
	}
	p := &API{Stage: stage, gate: g, shapes: &shapes{stage}, limiter: newLimiter(stage.Integration.Requests.RateLimit)}
	return p, p.compileLookUps()
}
