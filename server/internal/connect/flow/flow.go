// Package flow keeps authorizations that are under way, each bound to the browser that began
// it, so that whichever server the browser comes back to can end it. Start with [Store].
package flow

import (
	"context"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/store/record"
)

// A Kind says what a flow waits for.
type Kind string

// The kinds. Records in the store have these names.
const (
	Callback Kind = "connect_flow"   // the provider sends the browser back
	Device   Kind = "connect_device" // the user consents on another device
	Choice   Kind = "connect_choose" // the user chooses, for example one of several accounts
)

// A Flow is an authorization that a browser has been sent to. It lies sealed in the
// store, under the hash of its state, until it is taken, once, by whichever server the
// callback comes to.
type Flow struct {
	Pending string             `json:"pending,omitempty"` // an engine.Pending
	Device  string             `json:"device,omitempty"`  // an engine.DeviceAuth
	Key     engine.Key         `json:"key"`
	Browser string             `json:"browser"`           // hash of the cookie of the browser that began
	Session string             `json:"session,omitempty"` // id of the connect session
	To      result.Destination `json:"to"`

	record *record.Record // that it was read from
}

// Unsealed is an [engine.Sealer] that leaves sealing to the store, which binds the whole
// record.
type Unsealed struct{}

func (Unsealed) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (Unsealed) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

// endTimeout is how long the end of a flow may take.
const endTimeout = 90 * time.Second

// Ending returns a context for the end of a flow. It does not end with the request: a
// browser that is closed in between would else cost the user the provider's code, which can
// be redeemed only once.
func Ending(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
}
