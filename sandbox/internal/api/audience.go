package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// challenge answers an API request without a credential (RFC 6750 3, RFC 9728 5.1).
// It is no call: so clients find out whom to ask.
func (p *API) challenge(w http.ResponseWriter, r *http.Request, at match.Location) bool {
	if !p.Discovers() || r.Header.Get("Authorization") != "" {
		return false
	}
	path := r.URL.EscapedPath()
	if !p.AnyBase() {
		path = strings.TrimSuffix(path, at.Rest)
	}
	text := fmt.Sprintf("Bearer resource_metadata=%q", at.Scheme+"://"+message.HostOf(r)+match.WellKnownResource+strings.TrimSuffix(path, "/"))
	if scopes := p.ScopesSupported(); len(scopes) > 0 {
		text += fmt.Sprintf(", scope=%q", strings.Join(scopes, " "))
	}
	w.Header().Set("WWW-Authenticate", text)
	ref := message.Refused(http.StatusUnauthorized, message.CodeUnauthorized, "there is no access token; the WWW-Authenticate header says where to get one")
	p.Write(w, r, p.shapes.refusalAnswer(ref))
	return true
}

// checkAudience holds that an access token is used at the resource it was given for,
// and returns the path below that.
func (p *gate) checkAudience(c grant.Claims, r *http.Request) (rest string, ref *message.Refusal) {
	api := p.Places[len(p.Places)-1]
	at, _ := match.Locate([]match.Place{api}, message.HostOf(r), r.URL.EscapedPath())
	u, err := url.Parse(c.Resource)
	if err == nil && message.PlainHost(u.Host) == message.HostOf(r) {
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), strings.TrimSuffix(u.EscapedPath(), "/"))
		switch {
		case !ok || rest != "" && rest[0] != '/':
		case !p.AnyBase():
			return at.Rest, nil
		case rest == "":
			return "/", nil
		default:
			return rest, nil
		}
	} else if err == nil && p.Integration.Auth.Resource != "" {
		return at.Rest, nil // it has a name of its own
	}
	return "", message.Refused(http.StatusUnauthorized, message.CodeUnauthorized, "the access token is for another resource")
}
