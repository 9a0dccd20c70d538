package server

import (
	"context"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/agent"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/audit"
	"github.com/nango-lite/nango-lite/server/internal/calls"
	"github.com/nango-lite/nango-lite/server/internal/rest"
	"github.com/nango-lite/nango-lite/server/internal/webhook"
	"github.com/nango-lite/nango-lite/store/record"
)

// ErrorHeader is on every error that is the server's own, and not a provider's; it holds the
// error's code.
const ErrorHeader = answer.ErrorHeader

// A Request is what is known of a request that has ended. It holds no secret: no
// query, header or body, and of the path only which route it is.
type Request struct {
	Method   string
	Route    string // such as /c/{integration}/{connection}/{path...}; empty: none
	Status   int    // 499 if the caller left before the answer
	Bytes    int64  // of the answer's body
	Duration time.Duration
	APIKey   string     // its name; empty: no valid key was shown
	Key      engine.Key // the connection that was asked for; zero: none
	Code     string     // the error's code; empty: the request succeeded
}

// A Webhook is where the product wants to be told of its connections: that one was made,
// cannot be refreshed, needs its user again, or was removed.
type Webhook struct {
	// URL takes a POST for each message. It is the operator's word, so it may lie on a
	// network of the operator's own; redirects are not followed.
	URL string

	// Secret signs: X-Nango-Hmac-Sha256 is the HMAC-SHA256 of the body, in hex, as
	// verifyIncomingWebhookRequest of @nangohq/node wants it. It has 32 characters or
	// more.
	Secret schema.Secret

	// Transport carries the requests. If nil, a copy of http.DefaultTransport does.
	Transport http.RoundTripper
}

// DeliveryHeader is on each webhook; it is the same when a message has to be told again.
const DeliveryHeader = webhook.DeliveryHeader

// A Catalog knows the APIs that integrations can be made for. It is safe for concurrent
// use.
type Catalog interface {
	// Names are those of all providers, sorted.
	Names() []string

	// Provider returns one of them, or false.
	Provider(name string) (*Provider, bool)
}

// A Provider is an API that integrations can be made for: what a catalog says of it.
type Provider struct {
	Name        string // of the blueprint
	DisplayName string
	DocsURL     string
	Categories  []string
	Version     *schema.Version // the newest
}

// shownCatalog is a Catalog as package rest wants it.
type shownCatalog struct{ Catalog }

func (c shownCatalog) Provider(name string) (*rest.Provider, bool) {
	p, ok := c.Catalog.Provider(name)
	return (*rest.Provider)(p), ok
}

// A Moved connection is one of another server's, as GET /connections/{id} of Nango and of
// this server shows it: its Credentials, the Options to connect it with, and in Dropped the
// names of what the integration does not declare.
type Moved = rest.Moved

// ReadMoved reads a connection of another server for an integration of ours. The error
// quotes no value.
func ReadMoved(in *schema.Integration, shown []byte) (*Moved, error) {
	return rest.ReadMoved(in, shown)
}

// An Agent is what an agent is offered at /mcp: in Reach by integration the ids of
// connections that its API key reaches, and whether there may be more; the Effects of
// the operations that it may do. Reaches decides about a connection that it names itself,
// and Link returns where a user connects one.
type Agent = agent.Access

// An AgentReach is what an agent reaches of an integration.
type AgentReach = agent.Reach

// Calls remember the last calls of an engine, and count them by the minute, for the
// operator's pages. The zero Calls are ready; their method Observe is for
// [engine.Options.Observe].
type Calls = calls.Calls

// An AuditAction is what was done.
type AuditAction = audit.Action

// The actions.
const (
	AuditConnect = audit.Connect // a connection was made, or made anew
	AuditToken   = audit.Token   // the token endpoint gave a token
	AuditRead    = audit.Given   // credentials were shown with a connection
	AuditDelete  = audit.Delete  // a connection was removed
)

// An AuditEntry says that somebody did something, Count times from First to Last, which are
// seconds apart: what (Action), by which key (APIKey is its name; empty: a user on the
// connect page), and to which connection (Integration and ConnectionID). Nothing in it
// grants access.
type AuditEntry = audit.Entry

// Audit returns what was done since a time, oldest first, as far as it is written and
// kept. yield is called for each entry until it returns false.
func Audit(ctx context.Context, records record.Store, since time.Time, yield func(AuditEntry) bool) error {
	return audit.Read(ctx, records, since, yield)
}
