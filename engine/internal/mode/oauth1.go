package mode

import (
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/oauth1"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// oauth1Signing is what modes that sign as RFC 5849 3 says have in common.
type oauth1Signing struct{ env *Env }

var _ Signer = oauth1Signing{}

// Signer implements [Signer]. A blueprint that gives Authorization itself sends the
// token unsigned.
func (s oauth1Signing) Signer() layer.Signer {
	for name := range s.env.In.Requests.Headers {
		if strings.EqualFold(name, "Authorization") {
			return nil
		}
	}
	return &oauth1Signer{in: s.env.In, now: s.env.Now}
}

// SignedWith implements [Signer].
func (s oauth1Signing) SignedWith() []string {
	return []string{"oauth_token", "oauth_token_secret", "oauth_client_secret"}
}

// An oauth1Signer signs as RFC 5849 3 says, for the client of an integration and
// the token of whatever connection is in use.
type oauth1Signer struct {
	in  *plan.Integration
	now func() time.Time
}

var _ layer.Signer = (*oauth1Signer)(nil)

// Covers reports whether r's body is a form (RFC 5849 3.4.1.3.1).
func (s *oauth1Signer) Covers(r *http.Request) bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media == "application/x-www-form-urlencoded" && len(r.Header.Values("Content-Type")) == 1
}

// Sign implements [layer.Signer].
func (s *oauth1Signer) Sign(r *http.Request, body io.Reader, values render.Values) error {
	for _, name := range []string{"oauth_client_id", "oauth_client_secret", "oauth_token", "oauth_token_secret"} {
		if _, ok := values(name); !ok {
			return &render.MissingError{Name: name}
		}
	}
	return s.sign(r, body, values)
}

func (s *oauth1Signer) sign(r *http.Request, body io.Reader, values render.Values, extra ...oauth1.Param) error {
	if s.in.Auth.Signature() == oauth1.Plaintext && r.URL.Scheme != "https" && !schema.IsLoopback(r.URL.Hostname()) {
		return &layer.RefusedError{Reason: "PLAINTEXT would show the secret to whoever listens; it needs https (RFC 5849 3.4.4)"}
	}
	realm, err := render.Header(s.in.Parsed.SignatureRealm, values)
	if err != nil {
		return err
	}
	c := oauth1.Client{Method: s.in.Auth.Signature(), Realm: realm, Time: s.now(), Nonce: consent.RandomText(16)}
	for name, to := range map[string]*string{"oauth_client_id": &c.Key, "oauth_client_secret": &c.Secret, "oauth_token": &c.Token, "oauth_token_secret": &c.TokenSecret} {
		*to, _ = values(name)
	}
	form := ""
	if s.Covers(r) {
		b, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		form = string(b)
	}
	header, err := c.Authorization(r.Method, r.URL, form, extra...)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", header)
	return nil
}
