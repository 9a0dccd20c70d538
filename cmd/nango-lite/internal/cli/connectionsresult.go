package cli

import (
	"fmt"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
)

// connections are the commands about what is stored.
type connections struct{ *session.Session }

// say writes what became of a connection, as data.
func (cs connections) say(k engine.Key, what string) error {
	if cs.JSON() {
		return cs.WriteJSON(map[string]string{"integration": k.Integration, "connection_id": k.ConnectionID, "result": what})
	}
	_, err := fmt.Fprintf(cs.Out, "%s: %s\n", k, what)
	return err
}
