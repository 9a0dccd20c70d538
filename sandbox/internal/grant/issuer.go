package grant

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// An Issuer issues codes and tokens in the name of one integration.
type Issuer struct {
	name  string
	clock func() time.Time
	rand  io.Reader
}

// NewIssuer returns the issuer of an integration. If from is nil, names of grants come
// from crypto/rand.
func NewIssuer(name string, clock func() time.Time, from io.Reader) *Issuer {
	if from == nil {
		from = rand.Reader
	}
	return &Issuer{name, clock, from}
}

// Name returns the integration's name.
func (p *Issuer) Name() string { return p.name }

// Random returns n random bytes in hexadecimal.
func (p *Issuer) Random(n int) string {
	b := make([]byte, n)
	if _, err := io.ReadFull(p.rand, b); err != nil {
		panic("sandbox: Options.Rand ended: " + err.Error())
	}
	return hex.EncodeToString(b)
}

// Verify opens a text of this provider that is of a kind and still good.
func (p *Issuer) Verify(kind, what, s string) (Claims, *message.Refusal) {
	c, ok := Open(s)
	switch {
	case !ok:
		return c, message.Refused(400, "invalid_grant", "the %s was not issued by a sandbox", what)
	case c.Kind != kind:
		return c, message.Refused(400, "invalid_grant", "the %s is of another kind (%s)", what, c.Kind)
	case c.Integration != p.name:
		return c, message.Refused(400, "invalid_grant", "the %s was issued for integration %q", what, c.Integration)
	case c.Expires != 0 && !p.clock().Before(time.UnixMilli(c.Expires)):
		return c, message.Refused(400, "invalid_grant", "the %s expired at %s", what, time.UnixMilli(c.Expires).UTC().Format(time.RFC3339))
	}
	return c, nil
}

// Issue completes c and signs it. A lifetime of 0 means for ever.
func (p *Issuer) Issue(c Claims, lifetime time.Duration) string {
	now := p.clock()
	c.ID, c.Integration, c.Issued, c.Expires = p.Random(6), p.name, now.UnixMilli(), 0
	if lifetime > 0 {
		c.Expires = now.Add(lifetime).UnixMilli()
	}
	return sign(c)
}
