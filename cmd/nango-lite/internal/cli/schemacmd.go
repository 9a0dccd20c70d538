package cli

import (
	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/schema"
)

func (a *app) schemaCommand() *cobra.Command {
	schemas := map[string][]byte{
		"integrations": schema.IntegrationsJSON,
		"integration":  schema.IntegrationJSON,
		"blueprint":    schema.BlueprintJSON,
	}
	return &cobra.Command{
		Use:   "schema integrations|blueprint|integration",
		Short: "Print a JSON Schema, for editors",
		Long: `Schema prints the JSON Schema (2020-12) of

  integrations  the integrations file
  blueprint     a blueprint's file
  integration   one integration after its blueprint was merged in`,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"integrations", "blueprint", "integration"},
		RunE: func(_ *cobra.Command, args []string) error {
			_, err := a.io.Out.Write(schemas[args[0]])
			return err
		},
	}
}
