package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// peerKeyEnv holds the key of the server that connections come from.
const peerKeyEnv = "NANGO_SECRET_KEY"

func importCommand(s *session.Session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Bring in what another server has",
		Args:  cobra.NoArgs,
		RunE:  help,
	}
	cmd.AddCommand(importNangoConnectionsCommand(s))
	return cmd
}

func importNangoConnectionsCommand(s *session.Session) *cobra.Command {
	m := move{Session: s, renamed: map[string]string{}}
	var from string
	var rename []string
	cmd := &cobra.Command{
		Use:   "nango-connections",
		Short: "Copy the connections of a Nango server, one by one",
		Long: `Nango-connections reads the connections of a Nango server over its public API, with the
key in NANGO_SECRET_KEY, and stores them here, under the same ids: credentials, refresh
tokens, fields, metadata and tags. A connection whose integration is not in the
configuration stays where it is, and so does one that is here already: after an
interruption the same command goes on where it was.

Stop what uses the connections there before it: of refresh tokens that are good for one
use, the server that refreshes last has the good one. The integrations must have the
same OAuth client as there.`,
		Example: `  nango-lite import nango-connections --from https://api.nango.dev --dry-run
  nango-lite import nango-connections --rename notion-prod=notion`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := m.settle(from, rename); err != nil {
				return err
			}
			return m.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&from, "from", "https://api.nango.dev", "`URL` of the server that they come from")
	f.StringArrayVar(&rename, "rename", nil, "`THEIRS=OURS`: an integration that has another name here; may be given more than once")
	f.StringVar(&m.only, "integration", "", "only connections of `INTEGRATION`, by the name that it has here")
	f.BoolVar(&m.dry, "dry-run", false, "say what would be copied, and copy nothing")
	return cmd
}

// A move is a copying of connections.
type move struct {
	*session.Session
	base, key string
	renamed   map[string]string
	only      string
	dry       bool

	client *http.Client
	whole  *session.Whole
}

func (m *move) settle(from string, rename []string) error {
	u, err := url.Parse(from)
	if err != nil || u.Scheme != "https" && !(u.Scheme == "http" && schema.IsLoopback(u.Hostname())) || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return console.Usagef("--from is the URL of a server, such as https://api.nango.dev; without https only on this machine, for refresh tokens come over it")
	}
	m.base = strings.TrimSuffix(from, "/")
	for _, r := range rename {
		theirs, ours, ok := strings.Cut(r, "=")
		if !ok || theirs == "" || ours == "" {
			return console.Usagef("--rename is THEIRS=OURS, not %q", r)
		}
		m.renamed[theirs] = ours
	}
	if m.key, _ = m.Deps.LookUp(peerKeyEnv); m.key == "" {
		return console.Usagef("%s is to hold the key of the server that connections come from", peerKeyEnv)
	}
	return nil
}

// A moved is what came of one connection.
type moved struct {
	Integration  string   `json:"integration"`
	ConnectionID string   `json:"connection_id"`
	Result       string   `json:"result"` // copied, would be copied, is here already, no such integration, not asked for, failed
	Why          string   `json:"why,omitempty"`
	Dropped      []string `json:"dropped,omitempty"`
}

const (
	movedCopied  = "copied"
	movedWould   = "would be copied"
	movedHere    = "is here already"
	movedUnknown = "no such integration"
	movedUnasked = "not asked for"
	movedFailed  = "failed"
)

var resultStyles = map[string]console.Style{movedCopied: console.Good, movedUnknown: console.Doubtful, movedFailed: console.Bad}

func (m *move) run(ctx context.Context) error {
	var err error
	if m.whole, err = m.Whole(ctx, nil); err != nil {
		return err
	}
	m.client = &http.Client{Transport: m.Deps.Transport, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	counts := map[string]int{}
	all := []moved{}
	progress := m.Progress("connections:")
	err = m.each(ctx, func(theirs engine.Key) error {
		r, err := m.one(ctx, theirs)
		if err != nil {
			return err
		}
		counts[r.Result]++
		all = append(all, r)
		if m.JSON() {
			progress.Step(0) // the lines of a text are progress enough
			return nil
		}
		text := fmt.Sprintf("%s/%s: %s", r.Integration, console.OneLine(r.ConnectionID), m.Paint(resultStyles[r.Result], r.Result))
		if r.Why != "" {
			text += ": " + console.OneLine(r.Why)
		}
		if len(r.Dropped) > 0 {
			text += "; not declared here, and left out: " + strings.Join(r.Dropped, ", ")
		}
		_, err = fmt.Fprintln(m.Out, text)
		return err
	})
	progress.End()
	if m.JSON() {
		if e := m.WriteJSON(all); e != nil {
			return e
		}
	}
	if err != nil {
		return fmt.Errorf("%w; what was copied stays, and the same command goes on from here", err)
	}
	var said []string
	for _, result := range []string{movedCopied, movedWould, movedHere, movedUnknown, movedUnasked, movedFailed} {
		if n := counts[result]; n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, result))
		}
	}
	if len(said) == 0 {
		said = []string{"there are none"}
	}
	m.Notef("connections: %s", strings.Join(said, ", "))
	if counts[movedFailed] > 0 {
		return console.ErrReported
	}
	return nil
}

// each calls f for each connection that the other server lists.
func (m *move) each(ctx context.Context, f func(engine.Key) error) error {
	const page = 100
	for n := 0; ; n++ {
		body, err := m.get(ctx, "/connections?limit="+strconv.Itoa(page)+"&page="+strconv.Itoa(n))
		if err != nil {
			return err
		}
		var list struct {
			Connections []struct {
				ID          string `json:"connection_id"`
				Integration string `json:"provider_config_key"`
			}
		}
		if json.Unmarshal(body, &list) != nil {
			return errors.New("the list of connections cannot be read")
		}
		for _, c := range list.Connections {
			if err := f(engine.Key{Integration: c.Integration, ConnectionID: c.ID}); err != nil {
				return err
			}
		}
		if len(list.Connections) < page {
			return nil
		}
	}
}

// one copies a connection. An error ends the whole.
func (m *move) one(ctx context.Context, theirs engine.Key) (moved, error) {
	ours := theirs
	if name, ok := m.renamed[theirs.Integration]; ok {
		ours.Integration = name
	}
	r := moved{Integration: ours.Integration, ConnectionID: ours.ConnectionID}
	in := m.whole.Config().Integrations[ours.Integration]
	switch {
	case m.only != "" && m.only != ours.Integration:
		r.Result = movedUnasked
		return r, nil
	case in == nil:
		r.Result = movedUnknown
		return r, nil
	}
	switch _, err := m.whole.Engine.Connection(ctx, ours); {
	case err == nil:
		r.Result = movedHere
		return r, nil
	case engine.ErrorKind(err) != engine.KindNotFound:
		return r, err
	}
	body, err := m.get(ctx, "/connections/"+url.PathEscape(theirs.ConnectionID)+"?"+url.Values{
		"provider_config_key": {theirs.Integration}, "refresh_token": {"true"}, "force_refresh": {"false"},
	}.Encode())
	var refused *refusedError
	if errors.As(err, &refused) && refused.about() {
		r.Result, r.Why = movedFailed, err.Error()
		return r, nil
	}
	if err != nil {
		return r, err
	}
	c, err := server.ReadMoved(in, body)
	if err != nil {
		r.Result, r.Why = movedFailed, err.Error()
		return r, nil
	}
	r.Dropped, r.Result = c.Dropped, movedWould
	if m.dry {
		return r, nil
	}
	if _, err := m.whole.Engine.Connect(ctx, ours, c.Credentials, c.Options); err != nil {
		if ctx.Err() != nil {
			return r, err
		}
		r.Result, r.Why = movedFailed, err.Error()
		return r, nil
	}
	r.Result = movedCopied
	return r, nil
}

// A refusedError is an answer with a status that is no success.
type refusedError struct{ status int }

func (e *refusedError) Error() string {
	return fmt.Sprintf("the server that connections come from answers with status %d", e.status)
}

// about reports whether it is about one connection, and not about all.
func (e *refusedError) about() bool {
	return slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound, http.StatusFailedDependency}, e.status)
}

const (
	moveTries   = 5
	movePatient = 2 * time.Minute // the longest Retry-After that is sat out
	moveMost    = 4 << 20         // bytes of an answer
)

// get asks the other server, again when it says so or does not answer.
func (m *move) get(ctx context.Context, path string) ([]byte, error) {
	for try := 1; ; try++ {
		body, wait, err := m.getOnce(ctx, path)
		if err == nil || wait < 0 || wait > movePatient || try == moveTries || ctx.Err() != nil {
			return body, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// getOnce returns how long to wait before another try; a negative time means that there
// should be none.
func (m *move) getOnce(ctx context.Context, path string) ([]byte, time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m.base+path, nil)
	if err != nil {
		return nil, -1, errors.New("a connection's id cannot be asked for")
	}
	r.Header.Set("Authorization", "Bearer "+m.key)
	r.Header.Set("User-Agent", "nango-lite")
	resp, err := m.client.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, -1, ctx.Err()
		}
		return nil, time.Second, errors.New("the server that connections come from does not answer")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, moveMost+1))
	switch {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		wait := time.Second
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n >= 0 {
			wait = time.Duration(n) * time.Second
		}
		return nil, wait, &refusedError{resp.StatusCode}
	case resp.StatusCode != http.StatusOK:
		return nil, -1, &refusedError{resp.StatusCode}
	case err != nil:
		return nil, time.Second, errors.New("the answer of the server that connections come from broke off")
	case len(body) > moveMost:
		return nil, -1, errors.New("the answer of the server that connections come from is too large")
	}
	return body, -1, nil
}
