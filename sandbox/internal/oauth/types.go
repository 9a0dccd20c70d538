package oauth

import (
	"net/http"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// A desk is what all endpoints of an authorization server need.
type desk struct {
	*play.Stage
	clients *clients
	answers *answers
}

// clients reads what a client asks for, and holds that it is who it says.
type clients struct{ *play.Stage }

// answers makes the answers of the token endpoint.
type answers struct{ *play.Stage }

// The endpoints.
type (
	consent       struct{ *desk }
	token         struct{ *desk }
	steps         struct{ *desk }
	revocation    struct{ *desk }
	introspection struct{ *desk }
	deviceFlow    struct{ *desk }
	metadata      struct{ *desk }
	registration  struct{ *desk }
	oauth1        struct{ *desk }
	role          struct{ *desk }
)

// refuse answers a request that is not in order as the token endpoint does.
func (p *desk) refuse(w http.ResponseWriter, r *http.Request, ref *message.Refusal) {
	p.Stats.Add(func(s *play.Counts) { s.Refused++ })
	p.Write(w, r, p.answers.tokenError(ref))
}
