package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/store/record"
)

const (
	recordKind = "connect_session"
	// prefix is what Nango's tokens begin with, and what programs know them by.
	prefix = "nango_connect_session_"
	life   = 30 * time.Minute
	// keptAfter is how long a session is kept when its time is over, for flows that began
	// before.
	keptAfter = 20 * time.Minute
)

var tokenPattern = lazyregexp.New(`^nango_connect_session_[0-9a-f]{64}$`)

// A Store keeps sessions. It is safe for concurrent use.
type Store struct {
	Records record.Store
	Now     func() time.Time
	Logger  *slog.Logger // nil: nothing is logged
}

// create stores a new session and returns its token, which cannot be had again.
func (s *Store) create(ctx context.Context, session *Session) (token string, err error) {
	var b [32]byte
	_, _ = rand.Read(b[:])
	token, session.ExpiresAt = prefix+hex.EncodeToString(b[:]), s.Now().Add(life).UTC()
	sealed, err := json.Marshal(session)
	if err != nil {
		return "", err
	}
	return token, s.Records.CreateRecord(ctx, &record.Record{
		Kind: recordKind, ID: ident.Hash(token), Sealed: sealed, ExpiresAt: session.ExpiresAt.Add(keptAfter),
	})
}

// ByToken returns the session of a token, or why there is none.
func (s *Store) ByToken(ctx context.Context, token string) (*Session, *fault.Error) {
	switch {
	case token == "":
		return nil, fault.New(http.StatusUnauthorized, "missing_connect_session_token", "the connect session's token is missing")
	case !tokenPattern().MatchString(token):
		return nil, fault.New(http.StatusUnauthorized, "invalid_connect_session_token_format", "this is no connect session's token")
	}
	return s.inForce(ctx, ident.Hash(token))
}

// errSessionEnded says that there is no such session any more.
func errSessionEnded() *fault.Error {
	return fault.New(http.StatusUnauthorized, "unknown_connect_session_token", "the connect session has ended, or there is none of this token")
}

// inForce returns a session whose time is not over.
func (s *Store) inForce(ctx context.Context, id string) (*Session, *fault.Error) {
	session, err := s.ByID(ctx, id)
	if err == nil && !s.Now().Before(session.ExpiresAt) {
		return nil, errSessionEnded()
	}
	return session, err
}

// ByID returns a session that nobody has ended, though its time may be over.
func (s *Store) ByID(ctx context.Context, id string) (*Session, *fault.Error) {
	r, err := s.Records.Record(ctx, recordKind, id)
	if errors.Is(err, record.ErrNone) {
		return nil, errSessionEnded()
	}
	session := &Session{record: r}
	if err == nil {
		err = json.Unmarshal(r.Sealed, session)
	}
	if err != nil {
		return nil, fault.OfStore(err)
	}
	return session, nil
}

// Made notes that a session has made the connection. If it cannot be noted, that is logged:
// the connection is there all the same.
func (s *Store) Made(ctx context.Context, id string, k engine.Key) {
	if err := s.noteMade(ctx, id, k.Integration); err != nil && s.Logger != nil {
		s.Logger.WarnContext(ctx, "a connect session could not be noted as used", "integration", k.Integration, "connection", k.ConnectionID)
	}
}

// end removes a session.
func (s *Store) end(ctx context.Context, session *Session) error {
	err := s.Records.DeleteRecord(ctx, recordKind, session.record.ID)
	if errors.Is(err, record.ErrNone) {
		return nil
	}
	return err
}

// noteMade notes that a session has made its connection of an integration. A
// session that ended meanwhile needs no note.
func (s *Store) noteMade(ctx context.Context, id, integration string) error {
	for range 10 {
		session, gone := s.ByID(ctx, id)
		switch {
		case gone != nil && gone.Status == http.StatusUnauthorized:
			return nil
		case gone != nil:
			return errors.New(gone.Message)
		}
		session.Made = append(session.Made, integration)
		sealed, err := json.Marshal(session)
		if err != nil {
			return err
		}
		r := session.record.Clone()
		r.Sealed = sealed
		err = s.Records.ReplaceRecord(ctx, r, r.Version)
		if !errors.Is(err, record.ErrChanged) {
			return err
		}
	}
	return record.ErrChanged
}
