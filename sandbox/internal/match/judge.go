// Package match tells whether what a request carries is what the blueprint declares:
// its URL one of the declared ones, a header or a parameter what a template gives, a
// digest one over what the request shows. Start with [Judge].
package match

import (
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// A Judge compares requests with what an integration declares. It is safe for
// concurrent use.
type Judge struct {
	Integration *schema.Integration
	Params      ParamSet
	JWT         *jwtForm // nil: nothing is signed
	Nonces      nonces

	clock func() time.Time
}

// New returns the judge of an integration. clock may be nil: then it is the time.
func New(i *schema.Integration, clock func() time.Time) (j *Judge, err error) {
	j = &Judge{Integration: i, clock: clock}
	if j.Params, err = compileParams(&i.Auth); err != nil {
		return nil, err
	}
	j.JWT, err = compileJWT(i.Auth.JWT)
	return j, err
}

// Now returns the time.
func (j *Judge) Now() time.Time {
	if j.clock != nil {
		return j.clock()
	}
	return time.Now()
}
