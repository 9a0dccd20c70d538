package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/record"
)

func apiKeysCommand(s *session.Session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apikeys",
		Short: "Make, list and revoke the keys that programs show to 'nango-lite serve'",
		Long: `An API key lets a program use the server. It has scopes, and may be bound to
connections. Only its hash is kept, beside the connections, so that all servers over
one store know it; they notice what is made or revoked here within a second or two.`,
		Args: cobra.NoArgs,
		RunE: help,
	}
	cmd.AddCommand(apiKeysCreateCommand(s), apiKeysListCommand(s), apiKeysRevokeCommand(s))
	return cmd
}

func apiKeysCreateCommand(s *session.Session) *cobra.Command {
	var scopes string
	var connections, effects []string
	cmd := &cobra.Command{
		Use:   "create <name>",
		Short: "Make an API key, and print it once",
		Long: `Create makes an API key and prints it on stdout; nobody can be told it again.

Its scopes are connect (remove connections), read (see connections),
proxy (call APIs), token (be given tokens), operations (do what integrations declare),
mcp (the same as tools of an agent) and ui (look at the operator's pages). Without --scopes it has connect, read and proxy: it
is not given a token.

--effects says what operations may do: read, write, destroy. Without it, the scope
operations does all, and the scope mcp offers what only reads.`,
		Example: `  nango-lite apikeys create backend
  nango-lite apikeys create etl --scopes token --connections 'notion/*'
  nango-lite apikeys create agent --scopes mcp --connections 'notion/user-42'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			k := server.APIKey{Name: args[0], Connections: connections, CreatedAt: s.Deps.Now().UTC()}
			for _, e := range effects {
				k.Effects = append(k.Effects, schema.Effect(e))
			}
			var err error
			if k.Scopes, err = server.ParseScopes(scopes); err != nil {
				return console.UsageError{Err: err}
			}
			if len(k.Scopes) == 0 && cmd.Flags().Changed("scopes") {
				return console.Usagef("--scopes names no scope")
			}
			if len(k.Scopes) == 0 {
				k.Scopes = server.DefaultScopes
			}
			if err := k.Check(); err != nil {
				return console.UsageError{Err: err}
			}
			store, err := s.Storage().Open(cmd.Context())
			if err != nil {
				return err
			}
			key, err := server.CreateAPIKey(cmd.Context(), store, k)
			if errors.Is(err, server.ErrKeyExists) {
				return fmt.Errorf("there is an API key %q already; 'apikeys revoke' ends it", k.Name)
			}
			if err != nil {
				return err
			}
			if s.JSON() {
				return s.WriteJSON(struct {
					server.APIKey
					Key string `json:"key"`
				}{k, key.Reveal()}) // what was asked for
			}
			s.Notef("made the API key %s with the scopes %s; it is printed this once", k.Name, scopesText(k.Scopes))
			_, err = fmt.Fprintln(s.Out, key.Reveal()) // what was asked for
			return err
		},
	}
	cmd.Flags().StringVar(&scopes, "scopes", "", "`LIST` of what the key may do, separated by commas (default: connect,read,proxy)")
	cmd.Flags().StringArrayVar(&connections, "connections", nil, "`PATTERN` of connections that the key is bound to, such as 'notion/*' or '*/user-42'; may be given more than once (default: all)")
	cmd.Flags().StringSliceVar(&effects, "effects", nil, "`LIST` of what operations may do that the key does: read, write, destroy")
	return cmd
}

func scopesText(scopes []server.Scope) string {
	var words []string
	for _, s := range scopes {
		words = append(words, string(s))
	}
	return strings.Join(words, " ")
}

// effectsText is what a list of scopes goes on with.
func effectsText(effects []schema.Effect) string {
	if len(effects) == 0 {
		return ""
	}
	words := make([]string, len(effects))
	for i, e := range effects {
		words[i] = string(e)
	}
	return " (" + strings.Join(words, " ") + ")"
}

func apiKeysListCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the API keys, without the keys themselves",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := s.Storage().Open(cmd.Context())
			if err != nil {
				return err
			}
			keys, err := server.ListAPIKeys(cmd.Context(), store)
			if err != nil && !errors.Is(err, record.ErrUnreadable) {
				return err
			}
			return errors.Join(listAPIKeys(s, keys, err == nil), err)
		},
	}
}

// listAPIKeys shows keys; all: there is none beside them that cannot be read.
func listAPIKeys(s *session.Session, keys []server.APIKey, all bool) error {
	if s.JSON() {
		return s.WriteJSON(append([]server.APIKey{}, keys...))
	}
	if len(keys) == 0 {
		if all {
			s.Notef("no API keys; 'nango-lite serve' makes the first, 'apikeys create' more")
		}
		return nil
	}
	var rows [][]string
	for _, k := range keys {
		bound := "all"
		if len(k.Connections) > 0 {
			bound = strings.Join(k.Connections, " ")
		}
		rows = append(rows, []string{k.Name, scopesText(k.Scopes) + effectsText(k.Effects), bound, when(k.CreatedAt)})
	}
	return s.WriteTable(console.Table{Head: []string{"NAME", "SCOPES", "CONNECTIONS", "CREATED"}, Rows: rows})
}

func apiKeysRevokeCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke <name>",
		Short: "End an API key; servers notice within a second or two",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := s.Storage().Open(cmd.Context())
			if err != nil {
				return err
			}
			err = server.RevokeAPIKey(cmd.Context(), store, args[0])
			if errors.Is(err, server.ErrNoKey) {
				return fmt.Errorf("there is no API key %q; 'apikeys list' names those there are", args[0])
			}
			if err != nil {
				return err
			}
			if s.JSON() {
				return s.WriteJSON(map[string]string{"name": args[0], "result": "revoked"})
			}
			_, err = fmt.Fprintf(s.Out, "%s: revoked\n", args[0])
			return err
		},
	}
}
