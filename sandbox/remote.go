package sandbox

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/sample"
	"github.com/nango-lite/nango-lite/schema"
)

// RemoteTransport sends requests for the providers' real URLs to a running
// sandbox, a [Mux] on a port whose address is base. It chooses the integration as
// [Mux.Transport] does, and like it never asks a host where no integration lives.
// If next is nil, http.DefaultTransport is used. The error is New's.
func RemoteTransport(base *url.URL, integrations []*schema.Integration, next http.RoundTripper) (http.RoundTripper, error) {
	t := &remote{base: base, next: next}
	if next == nil {
		t.next = http.DefaultTransport
	}
	for _, i := range integrations {
		i, err := sample.HandingOut(i)
		if err != nil {
			return nil, err
		}
		places, err := match.CompilePlaces(i)
		if err != nil {
			return nil, err
		}
		t.routes = append(t.routes, route{i, places})
	}
	return t, nil
}

type remote struct {
	base   *url.URL
	routes []route
	next   http.RoundTripper
	cert   *tls.Certificate // nil: none is shown
}

// WithCertificate returns a transport that shows cert to the providers, in a header
// of its own. An engine asks for it.
func (t *remote) WithCertificate(cert tls.Certificate) http.RoundTripper {
	shown := *t
	shown.cert = &cert
	return &shown
}

// PublicOnly returns t itself: it connects to no host that a request names. An
// engine asks for it.
func (t *remote) PublicOnly() http.RoundTripper { return t }

// RoundTrip implements http.RoundTripper.
func (t *remote) RoundTrip(r *http.Request) (*http.Response, error) {
	i, err := choose(t.routes, r, peek(r))
	if err != nil {
		closeBody(r)
		return nil, err
	}
	out := r.Clone(r.Context())
	out.URL = BrowserURL(t.base, t.routes[i].Integration.Name, &url.URL{
		Host: message.HostOf(r), Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery,
	})
	out.Host = ""
	out.Header.Del(IntegrationHeader)
	out.Header.Del(message.CertificateHeader)
	if t.cert != nil && len(t.cert.Certificate) > 0 {
		out.Header.Set(message.CertificateHeader, base64.StdEncoding.EncodeToString(t.cert.Certificate[0]))
	}
	resp, err := t.next.RoundTrip(out)
	if resp != nil {
		resp.Request = r // a Location is relative to the provider's URL
	}
	return resp, err
}

// peek returns the body of a small request that can be read twice.
func peek(r *http.Request) []byte {
	if r.GetBody == nil || r.ContentLength > message.MaxBody {
		return nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil
	}
	defer func() { _ = body.Close() }()
	var b bytes.Buffer
	_, _ = io.Copy(&b, io.LimitReader(body, message.MaxBody))
	return b.Bytes()
}

// BrowserURL returns where a running sandbox at base plays the provider's URL u,
// for a browser to open: base/{integration}/{host}/path. It keeps the query.
func BrowserURL(base *url.URL, integration string, u *url.URL) *url.URL {
	path := "/" + url.PathEscape(integration) + "/" + message.PlainHost(u.Host)
	if rest := u.EscapedPath(); strings.HasPrefix(rest, "/") || rest == "" {
		path += rest
	} else {
		path += "/" + rest
	}
	path = strings.TrimSuffix(base.EscapedPath(), "/") + path
	out := *base
	out.Path, out.RawPath = message.Unescape(path), path
	out.RawQuery, out.Fragment = u.RawQuery, ""
	return &out
}
