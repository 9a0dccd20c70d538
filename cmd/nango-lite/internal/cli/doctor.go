package cli

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/doctor"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
)

func doctorCommand(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check what must hold before anything can work, and say how to mend it",
		Long: `Doctor looks at the configuration, the store and its keys, the clock, the addresses
that providers send browsers to, the server's certificate, and whether the providers
can be reached: by resolving names and by a TLS handshake. It sends them nothing, and
changes nothing.

The exit code is 1 if something has failed. Warnings alone do not fail.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := doctor.Examine(cmd.Context(), s, doctor.Surroundings{Built: built()})
			if err := showFindings(s, found); err != nil {
				return err
			}
			if slices.ContainsFunc(found, func(f doctor.Finding) bool { return f.State == doctor.Failed }) {
				return console.ErrReported
			}
			return nil
		},
	}
}

// built is when the source of this program was committed, if that is known.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.time" {
			if t, err := time.Parse(time.RFC3339, setting.Value); err == nil {
				return t
			}
		}
	}
	return time.Time{}
}

var stateStyles = map[string]console.Style{doctor.OK: console.Good, doctor.Warning: console.Doubtful, doctor.Failed: console.Bad}

func showFindings(s *session.Session, found []doctor.Finding) error {
	if s.JSON() {
		return s.WriteJSON(found)
	}
	count := map[string]int{}
	for _, f := range found {
		count[f.State]++
		state := s.Paint(stateStyles[f.State], f.State) + strings.Repeat(" ", max(0, 7-len(f.State)))
		if _, err := fmt.Fprintf(s.Out, "%s  %-13s  %s\n", state, f.Check, console.OneLine(f.What)); err != nil {
			return err
		}
		if f.Mend != "" {
			if _, err := fmt.Fprintf(s.Out, "%24s to mend it: %s\n", "", console.OneLine(f.Mend)); err != nil {
				return err
			}
		}
	}
	s.Notef("%d failed, %s, %d ok", count[doctor.Failed], console.Plural(count[doctor.Warning], "warning"), count[doctor.OK])
	return nil
}
