package schema

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// Redacted is what a secret shows instead of itself.
const Redacted = "[REDACTED]"

// A Secret is text that grants access. It prints as [REDACTED] with every verb
// of fmt, in slog and in JSON; [Secret.Reveal] is the only way out. The zero
// Secret is unset. Secrets are values: copying one is cheap and safe.
//
// The text sits behind a pointer, because fmt calls no methods on unexported
// fields and would otherwise print it from a struct that holds one.
type Secret struct{ text *string }

// NewSecret returns s as a Secret. The empty string gives a set but empty
// Secret, such as the empty password that some APIs want.
func NewSecret(s string) Secret { return Secret{&s} }

// Reveal returns the text. Call it at the line where the text goes on the wire
// or into the seal, and nowhere else.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet reports whether s was given a text, be it empty.
func (s Secret) IsSet() bool { return s.text != nil }

// IsZero reports whether s is unset; encoding/json's omitzero asks it.
func (s Secret) IsZero() bool { return s.text == nil }

// Empty reports whether s is unset or holds the empty string.
func (s Secret) Empty() bool { return s.text == nil || *s.text == "" }

// Equal compares in constant time.
func (s Secret) Equal(t Secret) bool {
	return s.IsSet() == t.IsSet() && subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(t.Reveal())) == 1
}

func (s Secret) shown() string {
	if s.text == nil {
		return ""
	}
	return Redacted
}

// String returns [REDACTED], or nothing if s is unset.
func (s Secret) String() string { return s.shown() }

// GoString is String.
func (s Secret) GoString() string { return s.shown() }

// Format writes [REDACTED] whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.shown())) }

// LogValue returns [REDACTED].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.shown()) }

// MarshalText returns [REDACTED], so that JSON and YAML never hold the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.shown()), nil }

// UnmarshalText sets s to text.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
