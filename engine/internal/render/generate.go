package render

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// A Made holds what now(), uuid() and nonce() gave in one request: wherever one
// stands, it gives the same, so that a signature and the header that says when it
// was made agree. The zero Made has made nothing. It is not safe for concurrent use.
type Made struct {
	at          time.Time
	uuid, nonce string
}

// Value gives what was made for a name, or makes it; now is the clock. ok is false
// for other names.
func (m *Made) Value(name string, now func() time.Time) (v string, ok bool) {
	switch name {
	case "now('s')":
		return strconv.FormatInt(m.time(now).Unix(), 10), true
	case "now('ms')":
		return strconv.FormatInt(m.time(now).UnixMilli(), 10), true
	case "now('iso')":
		return m.time(now).UTC().Format("2006-01-02T15:04:05Z"), true
	case "uuid()":
		if m.uuid == "" {
			m.uuid = randomUUID()
		}
		return m.uuid, true
	case "nonce()":
		if m.nonce == "" {
			m.nonce = hex.EncodeToString(randomBytes())
		}
		return m.nonce, true
	}
	return "", false
}

// Values returns values that have what is generated as well.
func (m *Made) Values(values Values, now func() time.Time) Values {
	return func(name string) (string, bool) {
		if v, ok := m.Value(name, now); ok {
			return v, true
		}
		return values(name)
	}
}

func (m *Made) time(now func() time.Time) time.Time {
	if m.at.IsZero() {
		m.at = now()
	}
	return m.at
}

// generated asks values for what a function generates, by the function as it is
// written: no name has parentheses.
func generated(r *schema.Ref, values Values) (string, error) {
	name := r.Func + "()"
	if r.Func == "now" {
		name = "now('" + r.NowFormat() + "')"
	}
	if v, ok := values(name); ok {
		return v, nil
	}
	return "", &MissingError{name}
}

func randomBytes() []byte {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return b
}

// randomUUID is of version 4 (RFC 9562 5.4).
func randomUUID() string {
	b := randomBytes()
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
