package apikey

import (
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
)

// Reaches reports whether k may act on a connection.
func (k *Key) Reaches(c connection.Key) bool {
	return len(k.Connections) == 0 || slices.ContainsFunc(k.Connections, func(p string) bool {
		integration, id, _ := strings.Cut(p, "/")
		return matches(integration, c.Integration) && matches(id, c.ConnectionID)
	})
}

// ReachesIntegration reports whether k may act on some connection of an integration.
func (k *Key) ReachesIntegration(name string) bool {
	return len(k.Connections) == 0 || slices.ContainsFunc(k.Connections, func(p string) bool {
		integration, _, _ := strings.Cut(p, "/")
		return matches(integration, name)
	})
}

// Of returns the connections of an integration that k names, and whether a pattern
// reaches others beside them.
func (k *Key) Of(integration string) (ids []string, more bool) {
	for _, p := range k.Connections {
		name, id, _ := strings.Cut(p, "/")
		switch {
		case !matches(name, integration):
		case strings.Contains(id, "*"):
			more = true
		default:
			ids = append(ids, id)
		}
	}
	return ids, more || len(k.Connections) == 0
}

// matches reports whether text is of the pattern, in which * stands for any text.
func matches(pattern, text string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	text = text[len(head):]
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, last)
}
