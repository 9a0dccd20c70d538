package session

import (
	"context"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
)

// Amended returns a session of [Stored.Open] whose connections carry the fields of as.
// What is stored knows nothing of it.
func Amended(s layer.Session, in *plan.Integration, as *connection.Connection) layer.Session {
	return amendedSession{s, in, as}
}

type amendedSession struct {
	layer.Session
	in *plan.Integration
	as *connection.Connection
}

// An amended snapshot is what a request is made with, over what is stored.
type amended struct {
	*snapshot
	stored layer.Snapshot
}

func (a amendedSession) amend(s layer.Snapshot, err error) (layer.Snapshot, error) {
	if err != nil {
		return nil, err
	}
	c := s.(*snapshot).conn.Clone()
	for name := range a.in.Connection {
		v, _ := a.in.Carried(a.as, name)
		a.in.SetField(c, name, v)
	}
	return &amended{&snapshot{a.in, c}, s}, nil
}

func (a amendedSession) Load(ctx context.Context) (layer.Snapshot, error) {
	return a.amend(a.Session.Load(ctx))
}

func (a amendedSession) Fresh(ctx context.Context, s layer.Snapshot) (layer.Snapshot, error) {
	return a.amend(a.Session.Fresh(ctx, s.(*amended).stored))
}

func (a amendedSession) Refresh(ctx context.Context, s layer.Snapshot, reason string) (layer.Snapshot, error) {
	return a.amend(a.Session.Refresh(ctx, s.(*amended).stored, reason))
}

func (a amendedSession) Refused(s layer.Snapshot) { a.Session.Refused(s.(*amended).stored) }
