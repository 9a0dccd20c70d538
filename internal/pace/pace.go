// Package pace holds the times of a refresh, so that the proofs can play in seconds
// what takes minutes. Nobody else changes them.
package pace

import "time"

// Times are the times of a refresh.
type Times struct {
	LeaseTTL     time.Duration // how long a lease outlives a holder that died
	LeaseRenewal time.Duration // how often a living one renews it
	LeaseWait    time.Duration // how long another waits for a holder that lives
	TokenCall    time.Duration // bound of one call of a token endpoint
	Redemption   time.Duration // bound of all calls of one redemption
	RetryWait    time.Duration // before the second call; doubles
	StoreCall    time.Duration // bound of one call of the store
}

// Default is what engines made from now on go by. While a request is under way the
// lease lasts for TokenCall and StoreCall together, whatever LeaseTTL is.
var Default = Times{
	LeaseTTL:     20 * time.Second,
	LeaseRenewal: 5 * time.Second,
	LeaseWait:    2 * time.Minute,
	TokenCall:    30 * time.Second,
	Redemption:   100 * time.Second,
	RetryWait:    time.Second,
	StoreCall:    15 * time.Second,
}
