package session

import (
	"context"
	"errors"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
)

// Fixed returns a session that serves c, which is not stored yet, and nothing else.
func Fixed(in *plan.Integration, c *connection.Connection) layer.Session {
	return fixed{&snapshot{in, c}}
}

type fixed struct{ s *snapshot }

func (f fixed) Load(context.Context) (layer.Snapshot, error) { return f.s, nil }

func (f fixed) Fresh(_ context.Context, s layer.Snapshot) (layer.Snapshot, error) { return s, nil }

func (f fixed) Refused(layer.Snapshot) {}

func (f fixed) Refresh(context.Context, layer.Snapshot, string) (layer.Snapshot, error) {
	return nil, errors.New("the connection is not stored yet")
}
