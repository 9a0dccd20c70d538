package sandbox

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
	c := p.stats.sofar()
	s := Stats{
		Redemptions:   p.grants.redemptions(),
		Consents:      c.consents,
		Denials:       c.denials,
		Exchanges:     c.exchanges,
		Issued:        c.issued,
		Refreshes:     c.refreshes,
		ReuseDetected: c.reuseDetected,
		Registrations: c.registrations,
		Revocations:   c.revocations,
		Introspected:  c.introspected,
		Calls:         c.calls,
		RateLimited:   c.rateLimited,
		Refused:       c.refused,
	}
	for name, n := range c.faults {
		if s.Faults == nil {
			s.Faults = map[Fault]int{}
		}
		s.Faults[Fault(name)] = n
	}
	return s
}
