package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/schema"
)

func schemaCommand(s *session.Session) *cobra.Command {
	schemas := map[string][]byte{
		"integrations": schema.IntegrationsJSON,
		"integration":  schema.IntegrationJSON,
		"blueprint":    schema.BlueprintJSON,
	}
	names := []string{"integrations", "blueprint", "integration"}
	return &cobra.Command{
		Use:   "schema integrations|blueprint|integration",
		Short: "Print a JSON Schema, for editors",
		Long: `Schema prints the JSON Schema (2020-12) of

  integrations  the integrations file
  blueprint     a blueprint's file
  integration   one integration after its blueprint was merged in`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) != 1:
				return console.Usagef("say which schema: %s", strings.Join(names, ", "))
			case schemas[args[0]] == nil:
				return console.Usagef("there is no schema %q; %s", args[0], console.DidYouMean(args[0], names))
			}
			return nil
		},
		ValidArgs: names,
		RunE: func(_ *cobra.Command, args []string) error {
			_, err := s.Out.Write(schemas[args[0]])
			return err
		},
	}
}
