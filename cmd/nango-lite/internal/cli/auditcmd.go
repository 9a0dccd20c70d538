package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/record"
)

func auditCommand(s *session.Session) *cobra.Command {
	var since time.Duration
	var action, key, integration, connection string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who connected, was given credentials, and removed connections",
		Long: `Audit shows what servers over this store remember: that a connection was made
(connect) or removed (delete), and that a token was handed out (token, at
POST /oauth/token; read, with a connection). What happens again within two seconds is
one line with a count. Calls through the proxy are not in it.

It is kept for 90 days, unless server.audit_retention_days says otherwise.`,
		Example: `  nango-lite audit --since 1h
  nango-lite audit --action token --connection user-42 --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := s.Storage().Open(cmd.Context())
			if err != nil {
				return err
			}
			found := []server.AuditEntry{}
			err = server.Audit(cmd.Context(), store, s.Deps.Now().Add(-since), func(e server.AuditEntry) bool {
				if (action == "" || action == string(e.Action)) && (key == "" || key == e.APIKey) &&
					(integration == "" || integration == e.Integration) && (connection == "" || connection == e.ConnectionID) {
					found = append(found, e)
				}
				return true
			})
			if err != nil && !errors.Is(err, record.ErrUnreadable) {
				return err
			}
			return errors.Join(writeAudit(s, found), err)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&since, "since", 24*time.Hour, "how far back")
	f.StringVar(&action, "action", "", "only `ACTION`: connect, token, read or delete")
	f.StringVar(&key, "api-key", "", "only of the API key called `NAME`")
	f.StringVar(&integration, "integration", "", "only of `INTEGRATION`")
	f.StringVar(&connection, "connection", "", "only of connections with this `ID`")
	return cmd
}

func writeAudit(s *session.Session, found []server.AuditEntry) error {
	if s.JSON() {
		return s.WriteJSON(found)
	}
	if len(found) == 0 {
		s.Notef("nothing was done in that time")
		return nil
	}
	var rows [][]string
	for _, e := range found {
		by := e.APIKey
		if by == "" {
			by = "-"
		}
		rows = append(rows, []string{when(e.Last), string(e.Action), fmt.Sprint(e.Count), by, e.Integration, console.OneLine(e.ConnectionID)})
	}
	return s.WriteTable(console.Table{Head: []string{"LAST", "ACTION", "TIMES", "API KEY", "INTEGRATION", "CONNECTION"}, Rows: rows})
}
