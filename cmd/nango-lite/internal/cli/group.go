package cli

import "github.com/spf13/cobra"

// formatsKey is the annotation of commands that know other formats than text and
// JSON.
const formatsKey = "formats"

// help is what groups of commands do when none is named.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }
