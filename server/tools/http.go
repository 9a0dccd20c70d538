package tools

import (
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// ServeHTTP answers one request of the protocol over HTTP. Nothing is remembered between
// requests, so that any server can answer the next. Who may ask, and for what, has been
// decided before: o is what this request is offered.
func ServeHTTP(w http.ResponseWriter, r *http.Request, o Options) {
	s := New(o)
	mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, &mcp.StreamableHTTPOptions{
		Stateless:                    true,
		JSONResponse:                 true,
		DisableLocalhostProtection:   o.AnyHost,
		MaxRequestBodyBytes:          -1, // who called has set a limit
		PropagateRequestCancellation: true,
	}).ServeHTTP(w, r)
}
