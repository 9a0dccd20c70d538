package sandbox

import (
	"io"
	"time"
)

// options are those of the door, where they are explained.
type options struct {
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
}
