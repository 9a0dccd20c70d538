package grant

import (
	"fmt"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// Grants remember what this process has seen of codes and tokens. What another
// process did is not known here, except what the claims say.
type Grants struct {
	mu       sync.Mutex
	used     map[string]bool    // codes, by ID
	families map[string]*family // by FamilyKey
	spent    map[string]bool    // access tokens that a fault or a revocation ended, by ID
}

// A family is the chain of refresh tokens of a grant.
type family struct {
	revoked  string // why; empty: it lives
	newest   int    // highest serial issued or seen
	highest  int    // highest serial redeemed
	issued   map[int]bool
	redeemed map[int]time.Time // first time
	counts   map[int]int
}

func FamilyKey(c Claims) string {
	if c.Secondary == "" {
		return c.Family
	}
	return c.Family + "." + c.Secondary
}

// family returns the family of that key. The caller holds g.mu.
func (g *Grants) family(key string) *family {
	if g.families == nil {
		g.families = map[string]*family{}
	}
	f := g.families[key]
	if f == nil {
		f = &family{issued: map[int]bool{}, redeemed: map[int]time.Time{}, counts: map[int]int{}}
		g.families[key] = f
	}
	return f
}

// UseCode marks a code as used. Using it twice ends what it gave
// (RFC 6749 4.1.2).
func (g *Grants) UseCode(c Claims) *message.Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.used[c.ID] {
		g.family(c.Family).revoked = "its authorization code was used twice"
		return message.Refused(400, "invalid_grant", "the code was used before; the tokens it gave are revoked now")
	}
	if g.used == nil {
		g.used = map[string]bool{}
	}
	g.used[c.ID] = true
	return nil
}

// Next returns the serial of the next refresh token of a family.
func (g *Grants) Next(key string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.family(key).next()
}

func (f *family) next() int {
	f.newest++
	f.issued[f.newest] = true
	return f.newest
}

// Redeem takes a refresh token. One that was rotated away is taken again within
// grace; after that its use ends the family (RFC 9700 4.14.2).
func (g *Grants) Redeem(c Claims, now time.Time, rotate bool, grace time.Duration) (reused bool, ref *message.Refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if why := g.revoked(c); why != "" {
		return false, message.Refused(400, "invalid_grant", "the grant is revoked: %s", why)
	}
	f := g.family(FamilyKey(c))
	f.newest = max(f.newest, c.Serial)
	if first, again := f.redeemed[c.Serial]; rotate && (again && now.Sub(first) >= grace || !again && !f.issued[c.Serial] && c.Serial < f.highest) {
		f.revoked = fmt.Sprintf("refresh token %d was used after it had been rotated", c.Serial)
		return true, message.Refused(400, "invalid_grant", "refresh token %d of this grant was redeemed before and has been rotated; the grant is revoked now", c.Serial)
	}
	if _, again := f.redeemed[c.Serial]; !again {
		f.redeemed[c.Serial] = now
	}
	f.highest = max(f.highest, c.Serial)
	f.counts[c.Serial]++
	return false, nil
}

// revoked says why the grant of c has ended, or nothing. The caller holds g.mu.
func (g *Grants) revoked(c Claims) string {
	for _, key := range []string{c.Family, FamilyKey(c)} {
		if f := g.families[key]; f != nil && f.revoked != "" {
			return f.revoked
		}
	}
	return ""
}

// Check says why an access token is no longer good although it has not expired.
func (g *Grants) Check(c Claims) *message.Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if why := g.revoked(c); why != "" {
		return message.Refused(401, message.CodeRevoked, "the grant is revoked: %s", why)
	}
	if g.spent[c.ID] {
		return message.Refused(401, message.CodeExpired, "the access token has expired")
	}
	return nil
}

// Revoke ends a grant.
func (g *Grants) Revoke(family, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.family(family).revoked = why
}

// Spend ends one access token.
func (g *Grants) Spend(c Claims) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.spent == nil {
		g.spent = map[string]bool{}
	}
	g.spent[c.ID] = true
}

// Redemptions returns how often each refresh token was taken, by family/serial.
func (g *Grants) Redemptions() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	counts := map[string]int{}
	for key, f := range g.families {
		for serial, n := range f.counts {
			counts[fmt.Sprintf("%s/%d", key, serial)] = n
		}
	}
	return counts
}
