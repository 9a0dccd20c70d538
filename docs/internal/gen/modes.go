package main

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// modesWith lists the modes that fill a placeholder.
func modesWith(placeholder string) (string, error) {
	var names []string
	for _, name := range schema.ModesWith(func(m *schema.Mode) bool { return m.Fills(placeholder) }) {
		names = append(names, string(name))
	}
	if names == nil {
		return "", fmt.Errorf("no mode fills %q", placeholder)
	}
	return strings.Join(names, ", "), nil
}

// ownCredentials is a table of the credentials that connections have without declaring
// them.
func ownCredentials() string {
	rows := []string{"| mode | credentials |", "|---|---|"}
	for _, m := range schema.Modes {
		var names []string
		for _, c := range m.Credentials {
			name := code(c.Name)
			if c.Optional {
				name += " (optional)"
			}
			names = append(names, name)
		}
		if names != nil {
			rows = append(rows, "| "+code(string(m.Name))+" | "+strings.Join(names, ", ")+" |")
		}
	}
	return strings.Join(rows, "\n")
}
