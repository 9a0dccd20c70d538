package sandbox

import ()

// Stats are what a provider has seen since it was made. They hold no secret.
type Stats struct {
	Consents      int            `json:"consents"`       // allowed
	Denials       int            `json:"denials"`        // denied
	Exchanges     int            `json:"exchanges"`      // codes redeemed
	Issued        int            `json:"issued"`         // tokens given for credentials, without a code
	Refreshes     int            `json:"refreshes"`      // refresh tokens redeemed
	Redemptions   map[string]int `json:"redemptions"`    // of each refresh token, by grant/serial
	ReuseDetected int            `json:"reuse_detected"` // rotated refresh tokens that came again
	Registrations int            `json:"registrations"`  // of clients
	Revocations   int            `json:"revocations"`    // by the client
	Introspected  int            `json:"introspected"`   // tokens that were asked about
	Calls         int            `json:"calls"`          // API requests, whatever the answer
	RateLimited   int            `json:"rate_limited"`   // of these, answered with "too many requests"
	Refused       int            `json:"refused"`        // requests of any kind that were not in order
	Faults        map[Fault]int  `json:"faults"`         // played
}

// Stats returns the counts so far; the caller may keep and change them.
func (p *Provider) Stats() Stats {
	c := p.stage.Stats.Sofar()
	s := Stats{
		Redemptions:   p.stage.Grants.Redemptions(),
		Consents:      c.Consents,
		Denials:       c.Denials,
		Exchanges:     c.Exchanges,
		Issued:        c.Issued,
		Refreshes:     c.Refreshes,
		ReuseDetected: c.ReuseDetected,
		Registrations: c.Registrations,
		Revocations:   c.Revocations,
		Introspected:  c.Introspected,
		Calls:         c.Calls,
		RateLimited:   c.RateLimited,
		Refused:       c.Refused,
	}
	for name, n := range c.Faults {
		if s.Faults == nil {
			s.Faults = map[Fault]int{}
		}
		s.Faults[Fault(name)] = n
	}
	return s
}
