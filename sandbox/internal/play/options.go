package play

import (
	"io"
	"time"
)

// Options are those of the door, where they are explained.
type Options struct {
	Now  func() time.Time
	Rand io.Reader

	TokenLifetime  time.Duration
	NoRotation     bool
	DeviceInterval time.Duration
	RedirectURIs   []string

	NoRateLimit      bool
	RateLimitDialect string
	Items            int
	SlowBy           time.Duration

	MisleadTo string
}
