package layer

import (
	"context"
	"net/http"
	"net/url"
	"slices"
)

const maxRedirects = 10

// CheckRedirect decides for an [http.Client] over a chain whether a redirect is
// followed. One that is not, leaves the caller with the redirect itself: it is
// the provider's answer, and answers are not errors. Not followed are
//
//   - the tenth in a row,
//   - from https to http,
//   - anything but GET and HEAD to another origin than the base URL's: its body
//     is the caller's.
//
// [BaseURL] refuses the last two as well, for clients that do not ask here.
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
	// net/http quotes the URL in errors, and in the Referer of the next hop. The
	// query of a signed download is a credential.
	shown := *r.URL
	shown.RawQuery = ""
	*r = *r.WithContext(context.WithValue(r.Context(), targetKey{}, r.URL))
	r.URL = &shown
	r.Header.Del("Referer")
	return nil
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
	from := r.Response.Request.URL
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return &RefusedError{"it leads to something that is not http"}
	case from.Scheme == "https" && u.Scheme == "http":
		return &RefusedError{"it leads from https to http"}
	case (last.away || !sameOrigin(last.base, u)) && (r.Method != http.MethodGet && r.Method != http.MethodHead || r.Body != nil && r.Body != http.NoBody):
		return &RefusedError{"it would carry a " + r.Method + " to another origin"}
	}
	return nil
}

// followed prepares a request that net/http made because of a redirect. To
// another origin it takes with it what a stranger may know, and what has left
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
	call.away = last.away || !sameOrigin(call.base, &u)
	out := call.ownRequest(r)
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
