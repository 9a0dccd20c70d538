package cli

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// callFlags are those of call.
type callFlags struct {
	connection string
	data       string
	hasData    bool
	headers    []string
	query      []string
	paginate   bool
	list       listFlags
	include    bool
	fault      string
}

func callCommand(s *session.Session) *cobra.Command {
	var flags callFlags
	cmd := &cobra.Command{
		Use:   "call <integration> [METHOD] <path>",
		Short: "Call an API like curl, authorised",
		Long: `Call makes a request below the integration's base URL and writes the body of the
answer to stdout as it comes; on a terminal JSON is indented. The method is GET, or
POST with -d. A path that is empty ('') is the base URL as it stands, such as that of
an MCP server; / puts a slash behind it, which is another address to many servers.

An answer that is an error by its status, or by what the blueprint says about this
API, goes to stdout as well; what it means is one line on stderr, and the exit code
is 1.`,
		Example: `  nango-lite call notion /v1/users
  nango-lite call notion POST /v1/search -d '{"query": "tide"}'
  nango-lite call notion /v1/users --paginate -q page_size=50
  nango-lite --sandbox --trace call notion /v1/users --fault 429`,
		Args:              arguments{s}.call,
		ValidArgsFunction: completer{s}.integrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.hasData = cmd.Flags().Changed("data")
			return caller{s}.run(cmd.Context(), args, flags)
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.connection, "connection", "", "`ID` of the connection (default: the only one there is)")
	f.StringVarP(&flags.data, "data", "d", "", "body: `text`, @file, or @- for stdin")
	f.StringArrayVarP(&flags.headers, "header", "H", nil, "`'Name: value'`; may be given more than once")
	f.StringArrayVarP(&flags.query, "query", "q", nil, "`name=value` for the query; may be given more than once")
	f.BoolVar(&flags.paginate, "paginate", false, "follow all pages and write the items, one a line (--format json: one array)")
	f.StringVar(&flags.list.items, "items", "", "with --paginate: `PATH` of the list in the answer, where it differs from the blueprint's; a dot is the answer itself")
	f.StringVar(&flags.list.cursor, "cursor", "", "with --paginate: `PATH` of the next cursor in the answer, likewise")
	f.IntVar(&flags.list.pageSize, "page-size", 0, "with --paginate: items of a page, likewise")
	f.BoolVarP(&flags.include, "include", "i", false, "write the status and the headers of the answer first")
	f.StringVar(&flags.fault, "fault", "", "with --sandbox: let the first attempt meet `FAULT`: 429, timeout, reset, 503, slow, truncated, expired, revoked, …; with :always, every attempt")
	_ = cmd.RegisterFlagCompletionFunc("connection", completer{s}.connections)
	_ = cmd.RegisterFlagCompletionFunc("fault", completeFaults)
	return cmd
}

func completeFaults(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, f := range sandbox.Faults() {
		names = append(names, string(f))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// A caller makes the calls of one run.
type caller struct{ *session.Session }

func (c caller) run(ctx context.Context, args []string, flags callFlags) error {
	req, err := c.request(ctx, args[1:], flags)
	if err != nil {
		return err
	}
	if flags.paginate && flags.include {
		return console.Usagef("--paginate writes items of many answers; it does not go with -i")
	}
	if flags.list.given() && !flags.paginate {
		return console.Usagef("--items, --cursor and --page-size say how a list goes on; they take --paginate")
	}
	if flags.list.pageSize < 0 {
		return console.Usagef("--page-size takes a number above 0")
	}
	u, err := c.Use(ctx, args[0])
	if err != nil {
		return err
	}
	k, err := c.pickForCall(ctx, u, flags.connection)
	if err != nil {
		return err
	}
	if flags.paginate {
		return c.paginate(u, k, req, flags.list)
	}
	contentType(req, u.Integration)
	client, err := u.Engine.Client(k)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	failure := engine.CheckResponse(resp)
	if failure != nil && resp.Header.Get(sandbox.NoSampleHeader) != "" && c.Sandbox != "" {
		return failure // no answer of the provider's, not even a played one: nothing for stdout
	}
	if err := c.writeAnswer(resp, flags.include); err != nil {
		return err
	}
	return failure
}

// pickForCall returns the connection to call with. The sandbox makes one where
// there is none: it is what makes the first command work on a fresh machine.
func (c caller) pickForCall(ctx context.Context, u *session.Use, named string) (engine.Key, error) {
	k, err := u.Pick(ctx, named)
	if err == nil && c.Sandbox != "" {
		_, err = u.Engine.Connection(ctx, k)
	}
	missing := session.IsNoConnection(err) || engine.ErrorKind(err) == engine.KindNotFound
	switch {
	case err == nil:
		return k, nil
	case missing && u.Integration.Auth.AuthMode == schema.NoAuth && len(u.Integration.Connection) == 0:
		k.ConnectionID = named
		if named == "" {
			k.ConnectionID = session.DefaultConnection
		}
		return k, nil
	case missing && c.Sandbox != "":
		if k.ConnectionID == "" {
			k.ConnectionID = session.DefaultConnection
		}
		return k, c.connectForCall(ctx, u, k)
	}
	return k, err
}

func (c caller) connectForCall(ctx context.Context, u *session.Use, k engine.Key) error {
	if c.Trace {
		c.Tracef("connect", "there is no connection %s yet: making one", k)
	} else {
		c.Notef("sandbox: there is no connection %s yet; making one", k)
	}
	d, err := u.Engine.Describe(k.Integration)
	if err != nil {
		return err
	}
	con := connector(c)
	given, err := con.gather(ctx, d, nil)
	if err != nil {
		return err
	}
	if !d.Consent {
		_, err = u.Engine.Connect(ctx, k, given.credentials, &engine.ConnectOptions{Fields: given.fields})
		return err
	}
	if d.DeviceOnly {
		_, err = con.authorizeDevice(ctx, u, k, given)
		return err
	}
	redirect, err := parseRedirect(defaultRedirect)
	if err != nil {
		return err
	}
	if _, err = con.authorizeSandbox(ctx, u, k, given, redirect); err == nil {
		con.tellConsent(k)
	}
	return err
}

// forever after a fault means that it does not pass.
const forever = ":always"

// withFault asks the sandbox to let the first attempt fail, or all.
func (c caller) withFault(req *http.Request, fault string) error {
	if fault == "" {
		return nil
	}
	if c.Sandbox == "" {
		return console.Usagef("--fault needs --sandbox: real providers do not fail on demand")
	}
	name, always := strings.CutSuffix(fault, forever)
	f, err := sandbox.ParseFault(name)
	if err != nil {
		return console.UsageError{Err: err}
	}
	times := 1
	switch {
	case always && sandbox.OfToken(f) && c.Sandbox != session.InProcess:
		return console.Usagef("--fault %s would stay with the running sandbox; leave out %s", fault, forever)
	case always:
		times = -1
	}
	req.Header.Set(sandbox.FaultHeader, sandbox.FaultValue(f, times, rand.Text()))
	return nil
}
