package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/nango-lite/nango-lite/engine"
)

// failed says what went wrong, in the engine's words, which hold no secret, and in the
// provider's. Where a person has to connect, it asks for that.
func (b *box) failed(ctx context.Context, r *mcp.CallToolRequest, k engine.Key, err error) *mcp.CallToolResult {
	var e *engine.Error
	if !errors.As(err, &e) {
		return failure("the call was given up")
	}
	text := e.Error()
	if e.Message != "" && !strings.Contains(text, e.Message) {
		text += "; the provider says: " + e.Message
	}
	switch {
	case e.Kind == engine.KindReauthorize, errors.Is(err, engine.ErrNoConnection):
		return b.unconnected(ctx, r, k, text)
	case e.Kind == engine.KindRateLimited && e.RetryAfter > 0:
		text += fmt.Sprintf(". Try again in %s", e.RetryAfter)
	}
	return failure(text)
}

// asked names the request by which a client is asked to have somebody connect.
const asked = "connect"

// unconnected asks a client that can to open the link, after which it calls again; who
// has been asked already, or cannot, is told.
func (b *box) unconnected(ctx context.Context, r *mcp.CallToolRequest, k engine.Key, text string) *mcp.CallToolResult {
	link := ""
	if b.Link != nil {
		link = b.Link(ctx, k)
	}
	if _, answered := r.Params.InputResponses[asked]; link != "" && !answered && opensLinks(r) {
		return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{asked: &mcp.ElicitParams{
			Mode: "url", URL: link, ElicitationID: k.String(), Message: "Connect the account " + k.String() + ", then go on.",
		}}}
	}
	text += ". A person has to connect the account"
	switch {
	case link != "":
		text += ": " + link + " (after that the same call succeeds)"
	case b.Connect != nil:
		text += ": " + b.Connect(k)
	}
	return failure(text)
}

// opensLinks reports whether the client says that it opens addresses for its user.
func opensLinks(r *mcp.CallToolRequest) bool {
	c := r.ClientCapabilities()
	return c != nil && c.Elicitation != nil && c.Elicitation.URL != nil
}
