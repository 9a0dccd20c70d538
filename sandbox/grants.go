package sandbox

import (
	"fmt"
	"sync"
	"time"
)

// grants remember what this process has seen of codes and tokens. What another
// process did is not known here, except what the claims say.
type grants struct {
	mu       sync.Mutex
	used     map[string]bool    // codes, by ID
	families map[string]*family // by familyKey
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

func familyKey(c claims) string {
	if c.Secondary == "" {
		return c.Family
	}
	return c.Family + "." + c.Secondary
}

// family returns the family of that key. The caller holds g.mu.
func (g *grants) family(key string) *family {
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

// useCode marks a code as used. Using it twice ends what it gave
// (RFC 6749 4.1.2).
func (g *grants) useCode(c claims) *refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.used[c.ID] {
		g.family(c.Family).revoked = "its authorization code was used twice"
		return refused(400, "invalid_grant", "the code was used before; the tokens it gave are revoked now")
	}
	if g.used == nil {
		g.used = map[string]bool{}
	}
	g.used[c.ID] = true
	return nil
}

// next returns the serial of the next refresh token of a family.
func (g *grants) next(key string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.family(key).next()
}

func (f *family) next() int {
	f.newest++
	f.issued[f.newest] = true
	return f.newest
}

// redeem takes a refresh token. One that was rotated away is taken again within
// grace; after that its use ends the family (RFC 9700 4.14.2).
func (g *grants) redeem(c claims, now time.Time, rotate bool, grace time.Duration) (reused bool, ref *refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if why := g.revoked(c); why != "" {
		return false, refused(400, "invalid_grant", "the grant is revoked: %s", why)
	}
	f := g.family(familyKey(c))
	f.newest = max(f.newest, c.Serial)
	if first, again := f.redeemed[c.Serial]; rotate && (again && now.Sub(first) >= grace || !again && !f.issued[c.Serial] && c.Serial < f.highest) {
		f.revoked = fmt.Sprintf("refresh token %d was used after it had been rotated", c.Serial)
		return true, refused(400, "invalid_grant", "refresh token %d of this grant was redeemed before and has been rotated; the grant is revoked now", c.Serial)
	}
	if _, again := f.redeemed[c.Serial]; !again {
		f.redeemed[c.Serial] = now
	}
	f.highest = max(f.highest, c.Serial)
	f.counts[c.Serial]++
	return false, nil
}

// revoked says why the grant of c has ended, or nothing. The caller holds g.mu.
func (g *grants) revoked(c claims) string {
	for _, key := range []string{c.Family, familyKey(c)} {
		if f := g.families[key]; f != nil && f.revoked != "" {
			return f.revoked
		}
	}
	return ""
}

// check says why an access token is no longer good although it has not expired.
func (g *grants) check(c claims) *refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if why := g.revoked(c); why != "" {
		return refused(401, codeRevoked, "the grant is revoked: %s", why)
	}
	if g.spent[c.ID] {
		return refused(401, codeExpired, "the access token has expired")
	}
	return nil
}

// revoke ends a grant.
func (g *grants) revoke(family, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.family(family).revoked = why
}

// spend ends one access token.
func (g *grants) spend(c claims) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.spent == nil {
		g.spent = map[string]bool{}
	}
	g.spent[c.ID] = true
}

// redemptions returns how often each refresh token was taken, by family/serial.
func (g *grants) redemptions() map[string]int {
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
