package cli

import (
	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/schema"
)

func explainCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "explain <integration>",
		Short: "Show what is in force and where each value came from",
		Long: `Explain prints every value in force for an integration: its path, the value,
and the line of the file or blueprint, the variable or the default that it came
from. A secret is never shown, nor is what a variable holds unless its key is
public.`,
		Args:              arguments{s}.integration,
		ValidArgsFunction: completer{s}.integrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := s.Integration(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if s.JSON() {
				return s.WriteJSON(explanationOf(in))
			}
			var rows [][]string
			for _, v := range in.Values {
				rows = append(rows, []string{v.Path, v.Shown(), v.Origin.Words()})
			}
			return s.WriteTable(console.Table{Rows: rows})
		},
	}
}

// An explanation is what explain prints as JSON.
type explanation struct {
	Integration string           `json:"integration"`
	Blueprint   string           `json:"blueprint,omitempty"`
	Values      []explainedValue `json:"values"`
}

type explainedValue struct {
	Path   string        `json:"path"`
	Value  string        `json:"value"`
	Hidden bool          `json:"hidden"`
	From   string        `json:"from"` // the origin as a person reads it
	Origin schema.Origin `json:"origin"`
}

func explanationOf(in *schema.Integration) explanation {
	e := explanation{Integration: in.Name, Blueprint: in.ExtendsBlueprint, Values: []explainedValue{}}
	for _, v := range in.Values {
		e.Values = append(e.Values, explainedValue{v.Path, v.Shown(), v.Hidden, v.Origin.Words(), v.Origin})
	}
	return e
}
