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
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nango-lite/nango-lite/internal/weburl"
	"github.com/nango-lite/nango-lite/schema"
)

// reachTimeout bounds each try to reach a server.
const reachTimeout = 5 * time.Second

// providers tries to reach each server that the integrations name.
func (x *examination) providers(ctx context.Context) {
	const check = "provider"
	if x.Sandbox != "" {
		x.add(check, Skipped, "the providers are played", "")
		return
	}
	x.proxies()
	names := slices.Sorted(maps.Keys(x.cfg.Integrations))
	found := make([][]Finding, len(names))
	var all sync.WaitGroup
	few := make(chan struct{}, 8)
	progress := x.Progress("tried integrations:")
	defer progress.End()
	for i, name := range names {
		all.Go(func() {
			few <- struct{}{}
			defer func() { <-few }()
			found[i] = x.provider(ctx, x.cfg.Integrations[name])
			progress.Step(len(names))
		})
	}
	all.Wait()
	for _, f := range found {
		x.findings = append(x.findings, f...)
	}
}

// proxies says which variables name a proxy in a way that net/http does not understand: it
// goes without one then, and says nothing.
func (x *examination) proxies() {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		text, _ := x.Deps.LookUp(name)
		if text == "" {
			continue
		}
		if !strings.Contains(text, "://") {
			text = "http://" + text
		}
		if u, err := url.Parse(text); err != nil || u.Host == "" {
			x.add("provider", Failed, name+" is no URL of a proxy, so none is used", "it is like http://proxy.example.com:3128; NO_PROXY names what is reached without")
		}
	}
}

// provider tries the servers of one integration: each once, whatever they are for.
func (x *examination) provider(ctx context.Context, in *schema.Integration) (found []Finding) {
	var reached, open []string
	tried := map[string]bool{}
	for _, text := range []string{in.Auth.AuthorizationURL, in.Auth.RequestURL, in.Auth.TokenURL, in.Auth.RefreshURL, in.Auth.Issuer, in.Requests.BaseURL} {
		u, err := url.Parse(text)
		switch {
		case text == "":
			continue
		case strings.Contains(text, "${") || err != nil || u.Host == "":
			open = append(open, hostOf(text))
			continue
		case tried[u.Host]:
			continue
		}
		tried[u.Host] = true
		if err := x.reach(ctx, u); err != nil {
			found = append(found, Finding{"provider", Failed, fmt.Sprintf("%s: %s: %s", in.Name, u.Host, err), mendReach(err)})
			continue
		}
		reached = append(reached, u.Host)
	}
	if len(reached) > 0 {
		found = append(found, Finding{"provider", OK, in.Name + ": reached " + strings.Join(reached, ", "), ""})
	}
	if slices.Sort(open); len(open) > 0 {
		found = append(found, Finding{"provider", Skipped, in.Name + ": " + strings.Join(slices.Compact(open), ", ") + " depends on the connection", ""})
	}
	return found
}

// hostOf is the host of a template.
func hostOf(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	host, _, _ := strings.Cut(rest, "/")
	return cmp.Or(host, text)
}

// errUnresolved is that a name leads nowhere.
var errUnresolved = errors.New("its name cannot be resolved")

// reach resolves a name and shakes hands: directly, or as far as the proxy that would be used.
func (x *examination) reach(ctx context.Context, u *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	through, err := x.Proxy(&http.Request{URL: u})
	if err != nil {
		return fmt.Errorf("the proxy: %w", err)
	}
	target := u
	if through != nil {
		target = through
	}
	conn, err := x.Dial(ctx, "tcp", weburl.Address(target))
	if err != nil {
		err = plain(err)
		if through != nil {
			err = fmt.Errorf("the proxy %s: %w", through.Host, err)
		}
		return err
	}
	defer conn.Close()
	if through != nil || u.Scheme != "https" {
		return nil // to ask the proxy for the rest would be to send something
	}
	err = tls.Client(conn, &tls.Config{ServerName: u.Hostname(), RootCAs: x.Roots, MinVersion: tls.VersionTLS12, Time: x.Deps.Now}).HandshakeContext(ctx)
	return plain(err)
}

// plain is an error of net in a person's words.
func plain(err error) error {
	var dns *net.DNSError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &dns):
		return errUnresolved
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("it refuses connections")
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return fmt.Errorf("it does not answer within %s", reachTimeout)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return errExpired
	case errors.As(err, &host):
		return errName
	case errors.As(err, &unknown):
		return errUnknown
	}
	return err
}

var (
	errName    = errors.New("its certificate is for another name")
	errExpired = errors.New("its certificate has ended, or does not hold yet")
	errUnknown = errors.New("its certificate is signed by nobody that this machine trusts")
)

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// mendReach says what may help.
func mendReach(err error) string {
	switch {
	case errors.Is(err, errUnresolved):
		return "is the URL right, and is there a way out of here? HTTPS_PROXY names a proxy"
	case errors.Is(err, errName):
		return "is the URL right, or does a proxy on the way show a certificate of its own?"
	case errors.Is(err, errExpired):
		return "is this machine's clock right?"
	case errors.Is(err, errUnknown):
		return "SSL_CERT_FILE names a file of authorities, such as that of a proxy that looks into TLS"
	}
	return "is there a firewall between? HTTPS_PROXY names a proxy"
}
