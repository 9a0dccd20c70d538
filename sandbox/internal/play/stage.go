// Package play holds what all the endpoints of a provider share: what is declared and
// what was given, faults, counts, and how an answer is written. Start with [Stage].
package play

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/sample"
	"github.com/nango-lite/nango-lite/sandbox/internal/sign"
	"github.com/nango-lite/nango-lite/schema"
)

// A Stage is one integration's provider, before its endpoints. It is safe for
// concurrent use.
type Stage struct {
	*sign.Judge
	*grant.Issuer

	Opts    Options
	Places  []match.Place
	Steps   []StepForm
	Samples sample.Samples
	Grants  grant.Grants
	Devices grant.Devices
	Stats   Counters
	Faults  Faults

	requests atomic.Int64
}

// Plays reports whether the endpoints of an auth mode are played here: each kind of
// consent and of signature that the table of modes knows has its part behind the door.
func Plays(m schema.AuthMode) bool {
	row := m.Mode()
	return m.Known() &&
		slices.Contains([]schema.Consent{schema.NoConsent, schema.ConsentCode, schema.ConsentTemporary}, row.Consent) &&
		slices.Contains([]schema.Signing{schema.NoSigning, schema.SignsOAuth1, schema.SignsAWS, schema.SignsDeclared}, row.Signing)
}

// New returns the stage of an integration; the error says which template cannot be
// read.
func New(i *schema.Integration, opts Options) (p *Stage, err error) {
	p = &Stage{Opts: opts}
	if i, err = sample.HandingOut(i); err != nil {
		return nil, err
	}
	if p.Places, err = match.CompilePlaces(i); err != nil {
		return nil, err
	}
	judge, err := match.New(i, opts.Now)
	if err != nil {
		return nil, err
	}
	if p.Judge, err = sign.New(judge); err != nil {
		return nil, err
	}
	p.Issuer = grant.NewIssuer(i.Name, judge.Now, opts.Rand)
	if p.Steps, err = compileSteps(i.Auth.Steps); err != nil {
		return nil, err
	}
	if p.Samples, err = sample.Compile(i); err != nil {
		return nil, err
	}
	if d := opts.RateLimitDialect; d != "" && !isDialect(d) {
		return nil, fmt.Errorf("unknown rate limit dialect %q", d)
	}
	return p, nil
}
