package mode

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/engine/internal/sigv4"
	"github.com/nango-lite/nango-lite/schema"
)

// awsSigning is what modes that sign for AWS have in common.
type awsSigning struct{ env *Env }

var _ Signer = awsSigning{}

// Signer implements [Signer].
func (s awsSigning) Signer() layer.Signer { return &awsSigner{s.env.In.Parsed.AWS, s.env.Now} }

// SignedWith implements [Signer].
func (s awsSigning) SignedWith() []string {
	if s.env.In.Parsed.AWS.Role != nil {
		return []string{"access_token", "oauth_token_secret", "token." + sessionToken}
	}
	return []string{"credentials.secret_access_key", "credentials.session_token"}
}

// An awsSigner signs with AWS Signature Version 4, as whoever the connection in use
// belongs to.
type awsSigner struct {
	plan *plan.AWS
	now  func() time.Time
}

var (
	_ layer.Signer = (*awsSigner)(nil)
	_ layer.Judge  = (*awsSigner)(nil)
)

// Covers reports whether the body is signed.
func (s *awsSigner) Covers(*http.Request) bool { return s.plan.SignsPayload() }

// Sign implements [layer.Signer].
func (s *awsSigner) Sign(r *http.Request, body io.Reader, values render.Values) error {
	signature := &sigv4.Signature{Time: s.now(), UnescapedPath: s.plan.UnescapedPath, Payload: sigv4.Unsigned}
	var err error
	for _, part := range []struct {
		key  string
		from schema.Template
		to   *string
	}{{"service", s.plan.Templates.Service, &signature.Service}, {"region", s.plan.Templates.Region, &signature.Region}} {
		if *part.to, err = scopePart(part.key, part.from, values); err != nil {
			return err
		}
	}
	id, secret, session := "credentials.access_key_id", "credentials.secret_access_key", "credentials.session_token"
	if s.plan.Role != nil {
		id, secret, session = "access_token", "oauth_token_secret", "token."+sessionToken
	}
	for name, to := range map[string]*string{id: &signature.AccessKeyID, secret: &signature.SecretAccessKey} {
		v, ok := values(name)
		if !ok || v == "" {
			return &render.MissingError{Name: name}
		}
		*to = v
	}
	signature.SessionToken, _ = values(session)
	switch {
	case s.Covers(r):
		signature.Payload, err = sigv4.Hash(body)
	case r.Body == nil || r.Body == http.NoBody:
		signature.Payload, err = sigv4.Hash(nil)
	case r.URL.Scheme != "https" && !schema.IsLoopback(r.URL.Hostname()):
		err = &layer.RefusedError{Reason: "a body that is not signed could be changed on the way; it needs https"}
	}
	if err != nil {
		return err
	}
	return signature.Sign(r)
}

// Refused implements [layer.Judge]: a clock that is wrong spoils every signature, and
// the provider's codes for it are many.
func (s *awsSigner) Refused(resp *http.Response) string {
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return clockOff(resp.Header, s.now())
	}
	return ""
}

// scopePart renders what the scope of a signature names. Its parts are parted by
// slashes, and end at a comma.
func scopePart(key string, t schema.Template, values render.Values) (string, error) {
	v, err := render.Text(t, values)
	if err != nil {
		return "", err
	}
	if v == "" || strings.ContainsAny(v, "/, \t\r\n") {
		return "", &layer.RefusedError{Reason: "auth.aws." + key + " gives no name that a signature can be for"}
	}
	return v, nil
}
