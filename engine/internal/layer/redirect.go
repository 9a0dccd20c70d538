package layer

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/weburl"
)

const maxRedirects = 10

// CheckRedirect decides for an [http.Client] over a chain whether a redirect is
// followed. One that is not, leaves the caller with the redirect itself: it is
// the provider's answer, and answers are not errors. Not followed are
//
//   - the tenth in a row,
//   - from https to http,
//   - what keeps its method, and is neither GET nor HEAD, to where base_url does not
//     lead: its body is the caller's,
//   - what keeps a body that cannot be sent twice.
//
// [BaseURL] refuses all but the first as well, for clients that do not ask here.
func CheckRedirect(r *http.Request, via []*http.Request) error {
	call := From(r.Response.Request.Context())
	if call == nil {
		return http.ErrUseLastResponse
	}
	reason := ""
	if len(via) >= maxRedirects {
		reason = "it is the tenth in a row"
	} else if err := mayFollow(call, r, r.URL); err != nil {
		reason = err.Reason
	}
	if reason != "" {
		call.reason = "the redirect was not followed: " + reason
		return http.ErrUseLastResponse
	}
	*r = *r.WithContext(context.WithValue(r.Context(), targetKey{}, r.URL))
	r.URL = call.quoted(r.URL)
	r.Header.Del("Referer")
	return nil
}

// quoted returns u as net/http may quote it in errors, and in the Referer of the next
// hop. The query of a signed download is a credential, and so may be its path.
func (c *Call) quoted(u *url.URL) *url.URL {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if c.Shown == nil {
		return &bare
	}
	shown := c.Shown(c, u)
	if shown == bare.String() {
		return &bare
	}
	return &url.URL{Scheme: u.Scheme, Opaque: strings.TrimPrefix(shown, u.Scheme+":")}
}

type targetKey struct{}

// target returns the URL of a redirected request.
func target(r *http.Request) *url.URL {
	if u, ok := r.Context().Value(targetKey{}).(*url.URL); ok {
		return u
	}
	return r.URL
}

// mayFollow reports whether r, a redirect to u, may be sent.
func mayFollow(last *Call, r *http.Request, u *url.URL) *RefusedError {
	from := r.Response.Request
	method, body := kept(r)
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return &RefusedError{"it leads to something that is not http"}
	case from.URL.Scheme == "https" && u.Scheme == "http":
		return &RefusedError{"it leads from https to http"}
	case leaves(last, u) && (method != http.MethodGet && method != http.MethodHead || body):
		return &RefusedError{"it would carry a " + method + " out of base_url"}
	case body && from.GetBody == nil:
		return &RefusedError{"it would carry a body that cannot be sent twice"}
	}
	return nil
}

// leaves reports whether a redirect of a call to u leads out of its base URL: to
// another origin, or to another path of the same, where another tenant may be.
func leaves(last *Call, u *url.URL) bool {
	return last.away || !weburl.SameOrigin(last.base, u) || !below(u.EscapedPath(), last.base.EscapedPath()) || climbs(u.EscapedPath())
}

// kept returns the method that r, a redirect, is sent with, and whether it has a body.
// Only 303 makes another method a GET, and 301 and 302 do so with POST (RFC 9110
// 15.4); net/http, as browsers, makes one of all with any of the three.
func kept(r *http.Request) (method string, body bool) {
	from := r.Response.Request
	status := r.Response.StatusCode
	if (status == http.StatusMovedPermanently || status == http.StatusFound) && from.Method != http.MethodPost && from.Method != "" {
		return from.Method, from.Body != nil && from.Body != http.NoBody
	}
	return r.Method, r.Body != nil && r.Body != http.NoBody
}

// keep gives out, a redirect of from, the method that [kept] says, and the body.
func keep(out, from *http.Request, method string) error {
	if out.Method == method {
		return nil
	}
	again, err := rewound(from)
	if err != nil {
		return err
	}
	out.Method, out.Body, out.GetBody, out.ContentLength = method, again.Body, from.GetBody, from.ContentLength
	for name, values := range from.Header {
		if strings.HasPrefix(http.CanonicalHeaderKey(name), "Content-") {
			out.Header[name] = values // net/http took them away with the body
		}
	}
	return nil
}

// followed prepares a request that net/http made because of a redirect. Out of
// base_url it takes with it what a stranger may know, and what has left
// home once does not get credentials again: whoever it passed chose the way.
func followed(call *Call, r *http.Request) (*http.Request, error) {
	last := From(r.Response.Request.Context())
	if last == nil || last.base == nil {
		return nil, &RefusedError{"the request follows a redirect of another client"}
	}
	u := *target(r)
	u.User, u.Fragment = nil, ""
	if err := mayFollow(last, r, &u); err != nil {
		return nil, err
	}
	call.away = leaves(last, &u)
	method, _ := kept(r)
	out := call.ownHeader(r)
	if err := keep(out, r.Response.Request, method); err != nil {
		return nil, err
	}
	out.URL, out.Host = &u, ""
	if call.away {
		for name := range out.Header {
			if !slices.Contains(harmless, http.CanonicalHeaderKey(name)) {
				delete(out.Header, name)
			}
		}
	}
	return out, nil
}

// harmless are the headers that may go anywhere.
var harmless = []string{"Accept", "Accept-Encoding", "Accept-Language", "If-Range", "Range", "User-Agent"}
