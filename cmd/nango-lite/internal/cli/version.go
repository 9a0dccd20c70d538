package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/version"
)

// versionCommand is what package quick answers before it, but for the text form
// alone.
func versionCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := version.Current()
			if s.JSON() {
				return s.WriteJSON(v)
			}
			_, err := fmt.Fprintln(s.Out, v)
			return err
		},
	}
}
