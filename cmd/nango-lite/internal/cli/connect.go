package cli

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

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

func (a *app) connectCommand() *cobra.Command {
	var flags connectFlags
	cmd := &cobra.Command{
		Use:   "connect <integration>",
		Short: "Make a connection: consent in the browser, or what the user types",
		Long: `Connect makes a connection, or makes it anew, and checks it with the
integration's verify call.

For OAuth it opens the provider's page in the browser and waits for the answer at
` + defaultRedirect + `, which has to be registered with the
provider exactly like that. --redirect-url names another address of this machine;
port 0 takes any free one, for providers that allow it.

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
		Args:              a.wantsIntegration,
		ValidArgsFunction: a.completeIntegrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			redirect, err := parseRedirect(flags.redirect)
			if err != nil {
				return err
			}
			u, err := a.use(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.runConnect(cmd.Context(), u, flags, redirect)
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.connection, "connection", "", "`ID` of the connection (default: the only one there is, or \"default\")")
	f.StringArrayVar(&flags.set, "set", nil, "`name=value` of a field or credential; name=- reads stdin; may be given more than once")
	f.BoolVar(&flags.noBrowser, "no-browser", false, "print the page to open on stdout (and the code, with --device), open no browser, and wait")
	f.BoolVar(&flags.device, "device", false, "consent on another device: print a page and a code to enter there (RFC 8628)")
	f.StringVar(&flags.redirect, "redirect-url", defaultRedirect, "`URL` of this machine that the provider sends the browser to")
	_ = cmd.RegisterFlagCompletionFunc("connection", a.completeConnections)
	_ = cmd.RegisterFlagCompletionFunc("set", a.completeSet(true))
	return cmd
}

func (a *app) runConnect(ctx context.Context, u *use, flags connectFlags, redirect *url.URL) error {
	k, err := u.pick(ctx, flags.connection)
	if isNoConnection(err) {
		k.ConnectionID, err = defaultConnection, nil
	}
	if err != nil {
		return err
	}
	d, err := u.engine.Describe(k.Integration)
	if err != nil {
		return err
	}
	if flags.device && !d.Device {
		return usagef("%s has no device flow: it declares no auth.device_authorization_url", k.Integration)
	}
	given, err := a.gather(ctx, d, flags.set)
	if err != nil {
		return err
	}
	var c *engine.Connection
	switch {
	case !d.Consent, given.hasToken() && !given.credentials.Token.AccessToken.Empty():
		c, err = u.engine.Connect(ctx, k, given.credentials, &engine.ConnectOptions{Fields: given.fields, Verify: true})
	case given.hasToken():
		c, err = a.redeem(ctx, u, k, given)
	case flags.device, d.DeviceOnly:
		c, err = a.connectDevice(ctx, u, k, given, flags.noBrowser)
	case a.playsConsent(flags.noBrowser):
		if c, err = a.authorizeSandbox(ctx, u, k, given, redirect); err == nil {
			a.tellConsent(k)
			c, err = a.verified(ctx, u, c)
		}
	default:
		c, err = a.connectBrowser(ctx, u, k, given, redirect, flags.noBrowser)
	}
	if err == nil {
		c, err = a.chooseOpen(ctx, u, c)
	}
	if err != nil {
		return connectError{err}
	}
	return a.tellConnected(c, d, u.in.Requests.Verify != nil, flags.noBrowser && !given.hasToken())
}

// playsConsent reports whether the sandbox's user consents by itself. Only a
// running sandbox has pages to send a browser to.
func (a *app) playsConsent(noBrowser bool) bool {
	return a.sandbox == inProcess || a.sandbox != "" && !noBrowser
}

// authorizeSandbox takes a connection through consent without a person.
func (a *app) authorizeSandbox(ctx context.Context, u *use, k engine.Key, given *answers, redirect *url.URL) (*engine.Connection, error) {
	p, err := u.engine.AuthCodeURL(ctx, k, redirect.String(), given.consent())
	if err != nil {
		return nil, err
	}
	callback, err := a.consent(ctx, u, p.URL)
	if err != nil {
		return nil, err
	}
	return u.engine.Exchange(ctx, p, callback)
}

// verified makes the integration's verify call: a grant that opens nothing is
// found now, and not with the first call in earnest.
func (a *app) verified(ctx context.Context, u *use, c *engine.Connection) (*engine.Connection, error) {
	open, err := u.engine.OpenFields(c)
	if err != nil || u.in.Requests.Verify == nil || len(open) > 0 { // then it waits for a choice
		return c, err
	}
	if err := u.engine.Verify(ctx, c.Key); err != nil {
		a.notef("the connection is stored, but its first call failed")
		return nil, err
	}
	return u.engine.Connection(ctx, c.Key) // the call may have refreshed it
}

// redeem makes a connection of a refresh token alone.
func (a *app) redeem(ctx context.Context, u *use, k engine.Key, given *answers) (*engine.Connection, error) {
	c, err := u.engine.Connect(ctx, k, given.credentials, &engine.ConnectOptions{Fields: given.fields})
	if err != nil {
		return nil, err
	}
	if _, err := u.engine.Refresh(ctx, k); err != nil {
		a.notef("the connection is stored, but its refresh token could not be redeemed")
		return nil, err
	}
	if c, err = u.engine.SetFields(ctx, k, nil); err != nil { // what is looked up has waited for a token
		a.notef("the connection is stored, but what it is to carry could not be looked up")
		return nil, err
	}
	return a.verified(ctx, u, c)
}

// tellConnected says who is connected, as far as the connection knows. Else it
// says what is known: that the verify call succeeded.
func (a *app) tellConnected(c *engine.Connection, d *engine.Description, verified, noBrowser bool) error {
	var about []string
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		about = append(about, name+" "+oneLine(c.Fields[name]))
	}
	text := fmt.Sprintf("connected %s to %s", c.Key, d.DisplayName)
	switch {
	case len(about) > 0:
		text += ": " + strings.Join(about, ", ")
	case verified:
		text += "; its verify call succeeded"
	}
	a.notef("%s", text)
	if a.json() && !noBrowser {
		return a.writeJSON(shownConnectionOf(c))
	}
	return nil
}
