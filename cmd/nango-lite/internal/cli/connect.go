package cli

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/author/page"
)

// defaultRedirect is what users of 2022 have registered with their providers.
const defaultRedirect = page.CommandLineRedirect

// connectFlags are those of connect.
type connectFlags struct {
	connection string
	set        []string
	noBrowser  bool
	device     bool
	redirect   string
}

func connectCommand(s *session.Session) *cobra.Command {
	var flags connectFlags
	cmd := &cobra.Command{
		Use:   "connect <integration>",
		Short: "Make a connection: consent in the browser, or what the user types",
		Long: `Connect makes a connection, or makes it anew, and checks it with the
integration's verify call.

For OAuth it opens the provider's page in the browser and waits for the answer at
` + defaultRedirect + `, which has to be registered with the
provider exactly like that. --redirect-url names another address of this machine;
port 0 takes any free one, for providers that allow it. A server that the file does
not name, such as that of an MCP server, has a path of its own: the integration's name
is put behind that, and what tells its server from others where its user names it.

--device has the user consent on another device, or in another browser: it prints the
page to open and the code to enter there. Where a provider has nothing else, it goes
without saying.

Other modes ask for what the integration declares, such as an API key. In scripts
--set gives it; with =- the value is read from stdin, where no process list shows
it: all of stdin for one such value, a line each for several, in their order.

Tokens that another program has got are taken over in the same way, without
consent: --set access_token, refresh_token and expires_in, the seconds that the
access token is still good for. A refresh token alone is enough; it is redeemed at
once.

Where a grant opens several sites, tenants or accounts, a list of them is shown to
choose from. In scripts --set says which, beforehand; or the command fails with the
list, the connection is stored, and 'connections set' says which afterwards.

In the sandbox nobody is asked: its user consents by itself.`,
		Example: `  nango-lite connect notion
  nango-lite connect notion --connection user-42 --no-browser
  nango-lite connect github --device
  pass show airtable | nango-lite connect airtable --set api_key=-
  pass show notion | nango-lite connect notion --set access_token=- --set refresh_token=-`,
		Args:              arguments{s}.integration,
		ValidArgsFunction: completer{s}.integrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			redirect, err := parseRedirect(flags.redirect)
			if err != nil {
				return err
			}
			u, err := s.Use(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return connector{s}.run(cmd.Context(), u, flags, redirect)
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.connection, "connection", "", "`ID` of the connection (default: the only one there is, or \"default\")")
	f.StringArrayVar(&flags.set, "set", nil, "`name=value` of a field or credential; name=- reads stdin; may be given more than once")
	f.BoolVar(&flags.noBrowser, "no-browser", false, "print the page to open on stdout (and the code, with --device), open no browser, and wait")
	f.BoolVar(&flags.device, "device", false, "consent on another device: print a page and a code to enter there (RFC 8628)")
	f.StringVar(&flags.redirect, "redirect-url", defaultRedirect, "`URL` of this machine that the provider sends the browser to")
	_ = cmd.RegisterFlagCompletionFunc("connection", completer{s}.connections)
	_ = cmd.RegisterFlagCompletionFunc("set", completer{s}.set(true))
	return cmd
}

func (con connector) run(ctx context.Context, u *session.Use, flags connectFlags, redirect *url.URL) error {
	k, err := u.Pick(ctx, flags.connection)
	if session.IsNoConnection(err) {
		k.ConnectionID, err = session.DefaultConnection, nil
	}
	if err != nil {
		return err
	}
	d, err := u.Engine.Describe(k.Integration)
	if err != nil {
		return err
	}
	if flags.device && !d.Device {
		return console.Usagef("%s has no device flow: it declares no auth.device_authorization_url", k.Integration)
	}
	given, err := con.gather(ctx, d, flags.set)
	if err != nil {
		return err
	}
	if d.Consent && !d.DeviceOnly {
		if redirect, err = redirectFor(u.Engine, k.Integration, given, redirect); err != nil {
			return session.ConnectError{Err: err}
		}
	}
	var c *engine.Connection
	switch {
	case !d.Consent, given.hasToken() && !given.credentials.Token.AccessToken.Empty():
		c, err = u.Engine.Connect(ctx, k, given.credentials, &engine.ConnectOptions{Fields: given.fields, Verify: true})
	case given.hasToken():
		c, err = con.redeem(ctx, u, k, given)
	case flags.device, d.DeviceOnly:
		c, err = con.connectDevice(ctx, u, k, given, flags.noBrowser)
	case con.playsConsent(flags.noBrowser):
		if c, err = con.authorizeSandbox(ctx, u, k, given, redirect); err == nil {
			con.tellConsent(k)
			c, err = con.verified(ctx, u, c)
		}
	default:
		c, err = con.connectBrowser(ctx, u, k, given, redirect, flags.noBrowser)
	}
	if err == nil {
		c, err = con.chooseOpen(ctx, u, c)
	}
	if err != nil {
		return session.ConnectError{Err: err}
	}
	return con.tellConnected(c, d, u.Integration.Requests.Verify != nil, flags.noBrowser && !given.hasToken())
}

// redeem makes a connection of a refresh token alone.
func (con connector) redeem(ctx context.Context, u *session.Use, k engine.Key, given *answers) (*engine.Connection, error) {
	if _, err := u.Engine.Connect(ctx, k, given.credentials, &engine.ConnectOptions{Fields: given.fields}); err != nil {
		return nil, err
	}
	if _, err := u.Engine.Refresh(ctx, k); err != nil {
		con.Notef("the connection is stored, but its refresh token could not be redeemed")
		return nil, err
	}
	c, err := u.Engine.SetFields(ctx, k, nil)
	if err != nil { // what is looked up has waited for a token
		con.Notef("the connection is stored, but what it is to carry could not be looked up")
		return nil, err
	}
	return con.verified(ctx, u, c)
}

// tellConnected says who is connected, as far as the connection knows. Else it
// says what is known: that the verify call succeeded.
func (con connector) tellConnected(c *engine.Connection, d *engine.Description, verified, noBrowser bool) error {
	var about []string
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		about = append(about, name+" "+console.OneLine(c.Fields[name]))
	}
	text := fmt.Sprintf("connected %s to %s", c.Key, d.DisplayName)
	switch {
	case len(about) > 0:
		text += ": " + strings.Join(about, ", ")
	case verified:
		text += "; its verify call succeeded"
	}
	con.Notef("%s", text)
	if con.JSON() && !noBrowser {
		return con.WriteJSON(shownConnectionOf(c))
	}
	return nil
}
