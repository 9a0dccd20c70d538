package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nango-lite/nango-lite/internal/author/page"
	"github.com/nango-lite/nango-lite/schema"
)

// publicURL is where browsers reach the server, or "".
func (x *examination) publicURL() string {
	text, _ := x.Deps.LookUp("NANGO_LITE_PUBLIC_URL")
	if x.cfg.Server != nil {
		text = cmp.Or(text, x.cfg.Server.PublicURL)
	}
	return text
}

// callback says where providers send browsers, and whether somebody can be there.
func (x *examination) callback(ctx context.Context) {
	const check = "callback"
	if len(x.cfg.Integrations) == 0 {
		x.add(check, Skipped, "no integration can be used", "")
		return
	}
	consenting := slices.DeleteFunc(slices.Sorted(maps.Keys(x.cfg.Integrations)), func(name string) bool {
		return !x.cfg.Integrations[name].Auth.AuthMode.Consents()
	})
	if len(consenting) == 0 {
		x.add(check, Skipped, "no integration sends its users to a page of the provider", "")
		return
	}
	x.terminal(ctx)
	text := x.publicURL()
	if text == "" {
		x.add(check, OK, "serve: server.public_url is not set, so its callbacks are at the address it listens at", "")
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		x.add(check, Failed, "server.public_url is no URL of a server", "such as https://connect.example.com")
	case u.Scheme == "http" && !schema.IsLoopback(u.Hostname()):
		x.add(check, Failed, fmt.Sprintf("server.public_url %s is not https: codes and cookies would cross the net in clear", u), "put it behind TLS, and name it https://…")
	default:
		names := make([]string, len(consenting))
		for i, name := range consenting {
			names[i] = strings.TrimSuffix(u.String(), "/") + "/oauth/callback/" + url.PathEscape(name)
		}
		x.add(check, OK, "serve: to be registered with the providers: "+strings.Join(names, ", "), "")
		x.reachPublic(ctx, u)
	}
}

// terminal looks whether connect could listen.
func (x *examination) terminal(ctx context.Context) {
	u, err := url.Parse(page.CommandLineRedirect)
	if err != nil {
		return
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", u.Port()))
	if err == nil {
		_ = ln.Close()
		x.add("callback", OK, "connect: to be registered with the providers: "+page.CommandLineRedirect, "")
		return
	}
	what := "connect cannot listen at " + page.CommandLineRedirect
	if errors.Is(err, syscall.EADDRINUSE) {
		what += ": another program has the port"
	}
	x.add("callback", Warning, what, "end the other program (serve listens there, too), or connect with --redirect-url and register that")
}

// reachPublic tries the server's own name. From inside it need not be reachable.
func (x *examination) reachPublic(ctx context.Context, u *url.URL) {
	if schema.IsLoopback(u.Hostname()) {
		return
	}
	if err := x.reach(ctx, u); err != nil {
		x.add("callback", Warning, fmt.Sprintf("%s is not reached from here: %s", u.Host, err), "open it in a browser elsewhere; from inside it need not be reachable")
	}
}

// soon is how long before its end a certificate is worth a word.
const soon = 14 * 24 * time.Hour

// certificate looks at the one that serve shows.
func (x *examination) certificate() {
	const check = "tls"
	cert, _ := x.Deps.LookUp("NANGO_LITE_TLS_CERT")
	key, _ := x.Deps.LookUp("NANGO_LITE_TLS_KEY")
	if cert == "" && key == "" {
		x.add(check, Skipped, "serve has no certificate of its own (NANGO_LITE_TLS_CERT): what stands before it does TLS", "")
		return
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		var missing *os.PathError
		if errors.As(err, &missing) {
			err = fmt.Errorf("%s: %w", missing.Path, missing.Err)
		}
		x.add(check, Failed, "NANGO_LITE_TLS_CERT and NANGO_LITE_TLS_KEY: "+err.Error(), "name the PEM files of a certificate and its key")
		return
	}
	x.judge(cert, pair.Leaf)
}

// judge says whether a certificate holds here and now.
func (x *examination) judge(name string, leaf *x509.Certificate) {
	const check = "tls"
	now, until := x.Deps.Now(), leaf.NotAfter.UTC().Format(time.DateOnly)
	host := ""
	if u, err := url.Parse(x.publicURL()); err == nil {
		host = u.Hostname()
	}
	switch {
	case now.Before(leaf.NotBefore):
		x.add(check, Failed, fmt.Sprintf("%s holds from %s", name, leaf.NotBefore.UTC().Format(time.DateTime)), "is this machine's clock right?")
	case now.After(leaf.NotAfter):
		x.add(check, Failed, fmt.Sprintf("%s ended on %s", name, until), "renew it")
	case host != "" && leaf.VerifyHostname(host) != nil:
		x.add(check, Failed, fmt.Sprintf("%s is not for %s, which server.public_url names", name, host), "have it made for that name")
	case leaf.NotAfter.Sub(now) < soon:
		x.add(check, Warning, fmt.Sprintf("%s ends on %s", name, until), "renew it")
	default:
		x.add(check, OK, fmt.Sprintf("%s holds until %s", name, until), "")
	}
}
