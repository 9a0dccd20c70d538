package token

import (
	"crypto/sha256"
	"sync"

	"github.com/nango-lite/nango-lite/schema"
)

// redeemers are the clients that have redeemed a refresh token lately, by sums of their
// ids and secrets: what such a client is refused is not for its own sake.
type redeemers struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]bool
}

// maxRedeemers bounds what is remembered, where each connection brings a client.
const maxRedeemers = 10_000

func sumOf(id, secret schema.Secret) [sha256.Size]byte {
	return sha256.Sum256([]byte(id.Reveal() + "\x00" + secret.Reveal()))
}

func (r *redeemers) remember(id, secret schema.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil || len(r.all) >= maxRedeemers {
		r.all = map[[sha256.Size]byte]bool{}
	}
	r.all[sumOf(id, secret)] = true
}

func (r *redeemers) by(id, secret schema.Secret) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[sumOf(id, secret)]
}
