package mode

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/engine/internal/sigv4"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

// roleAnswer is where the answer of AssumeRole has what a token consists of: the
// access key id is the access token, and the session token a secondary one.
var roleAnswer = &schema.TokenResponse{
	AccessToken: "AssumeRoleResult.Credentials.AccessKeyId",
	Expires:     &schema.Expires{Path: "AssumeRoleResult.Credentials.Expiration", Kind: "at"},
	ErrorCode:   "Error.Code",
	Secondary:   map[string]schema.SecondaryToken{sessionToken: {AccessToken: "AssumeRoleResult.Credentials.SessionToken"}},
}

const (
	sessionToken = "session"
	roleSecret   = "AssumeRoleResult.Credentials.SecretAccessKey"
)

// What AssumeRole takes:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func isSessionName(text string) bool { return isAWSText(text, 64, "_+=,.@-") }
func isExternalID(text string) bool  { return isAWSText(text, 1224, "_+=,.@:/-") }

// isAWSText reports whether a text is of 2 to most ASCII letters, digits and others.
// It is no pattern, because RE2 counts to 1000 and is slow to compile that.
func isAWSText(text string, most int, others string) bool {
	return 2 <= len(text) && len(text) <= most && !strings.ContainsFunc(text, func(r rune) bool {
		return !isASCIIWord(r) && !strings.ContainsRune(others, r)
	})
}

// A role is AWS_SIGV4 with auth.aws.assume_role: the token is a temporary key.
type role struct{ env *Env }

func (w *role) obtained() string { return "a role was assumed, with a key" }

// issue obtains a temporary key.
func (w *role) issue(ctx context.Context, o *token.Operation) (*oauthwire.Answer, error) {
	in := w.env.In
	if in.AppAssumesRole() && (in.OAuthClientID == "" || in.OAuthClientSecret.Empty()) {
		return nil, o.Fail(fault.KindClient, "oauth_client_id and oauth_client_secret, whose key assumes roles, are not configured", nil)
	}
	r, err := w.request(o)
	if err != nil {
		return nil, o.Fail(fault.KindClient, "the role cannot be assumed", err)
	}
	o = o.At("the Security Token Service")
	answer, err := o.Do(ctx, in.Parsed.AWS.Role.Templates.URL, r)
	if err != nil {
		return nil, o.Scrub(o.Unanswered(answer, err), r)
	}
	if code, failed := oauthwire.ErrorCode(answer, roleAnswer, nil); failed {
		return nil, o.Scrub(w.refused(o, answer, code), r)
	}
	return answer, nil
}

// request builds the call of AssumeRole.
func (w *role) request(o *token.Operation) (*oauthwire.Request, error) {
	role, values := w.env.In.Parsed.AWS.Role, o.Values()
	u, err := render.URL(role.Templates.URL, values, w.env.In.FormatOf)
	if err != nil {
		return nil, err
	}
	params := map[string]any{"Action": "AssumeRole", "Version": "2011-06-15"}
	for _, p := range []struct {
		name, key string
		from      schema.Template
		takes     func(string) bool
		optional  bool
	}{
		{"RoleArn", "role_arn", role.Templates.ARN, schema.IsRoleARN, false},
		{"RoleSessionName", "session_name", role.Templates.Session, isSessionName, false},
		{"ExternalId", "external_id", role.Templates.ExternalID, isExternalID, true},
	} {
		v, err := render.Text(p.from, values)
		switch {
		case err != nil:
			return nil, fmt.Errorf("auth.aws.assume_role.%s: %w", p.key, err)
		case v == "" && p.optional:
		case !p.takes(v):
			return nil, fmt.Errorf("auth.aws.assume_role.%s does not have the form that AssumeRole takes", p.key)
		default:
			params[p.name] = v
		}
	}
	if role.DurationSeconds != 0 {
		params["DurationSeconds"] = strconv.Itoa(role.DurationSeconds)
	}
	region, err := scopePart("assume_role.region", role.Templates.Region, values)
	if err != nil {
		return nil, err
	}
	key := w.key(o.Conn)
	return &oauthwire.Request{
		URL: u, Method: http.MethodPost, Params: params, XML: true, Headers: map[string]string{"Accept": "application/xml, text/xml"},
		Sign: func(r *http.Request, body []byte) error {
			s := key
			s.Service, s.Region, s.Time = "sts", region, w.env.Now()
			s.Payload, _ = sigv4.Hash(bytes.NewReader(body))
			return s.Sign(r)
		},
	}, nil
}

// key is the key that assumes c's role.
func (w *role) key(c *connection.Connection) sigv4.Signature {
	in := w.env.In
	if in.AppAssumesRole() {
		return sigv4.Signature{AccessKeyID: in.OAuthClientID, SecretAccessKey: in.OAuthClientSecret.Reveal()}
	}
	field := func(name string) string { return c.Credentials.Field(name).Reveal() }
	return sigv4.Signature{AccessKeyID: field("access_key_id"), SecretAccessKey: field("secret_access_key"), SessionToken: field("session_token")}
}

// take completes the token. A key without its end, or with a part that is missing, is
// of no use.
func (w *role) take(ctx context.Context, o *token.Operation, a *oauthwire.Answer, asked []string) error {
	c := *o.Conn
	if err := o.On(&c).Take(ctx, a, roleAnswer, asked); err != nil {
		return err
	}
	t := &c.Credentials.Token
	secret, _ := t.RawValue(roleSecret)
	t.TokenSecret = schema.NewSecret(secret)
	if secret == "" || t.Secondary[sessionToken].AccessToken.Empty() || t.ExpiresAt.IsZero() {
		return &fault.Error{Op: o.Name, Key: c.Key, Kind: fault.KindInvalidResponse, Status: a.Status, Detail: "the answer has no complete temporary key"}
	}
	o.Conn.Credentials.Token = *t
	return nil
}

// refused gives a refusal of AssumeRole its kind.
func (w *role) refused(o *token.Operation, a *oauthwire.Answer, code string) error {
	e := &fault.Error{
		Op: o.Name, Key: o.Conn.Key, Kind: token.KindOfStatus(a.Status), Status: a.Status, Code: fault.ReadableCode(code),
		Message: fault.WordsIn(map[string]any(a.Doc), nil), Detail: "the role was not assumed", RetryAfter: token.RetryAfter(a.Header),
	}
	switch code {
	case "AccessDenied", "AccessDeniedException":
		e.Kind, e.Detail = fault.KindDenied, "the role was not assumed: it does not trust this key, or wants another external id"
	case "Throttling", "ThrottlingException", "RequestLimitExceeded":
		e.Kind = fault.KindRateLimited
	case "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException":
		e.Kind, e.Detail = fault.KindReauthorize, "the role was not assumed: the connection's key is not, or no longer, good"
		if w.env.In.AppAssumesRole() {
			e.Kind, e.Detail = fault.KindClient, "the role was not assumed: the key of oauth_client_id is not, or no longer, good"
		}
	}
	if skew := clockOff(a.Header, w.env.Now()); skew != "" && e.Kind != fault.KindDenied && a.Status < 500 {
		e.Kind, e.Detail = fault.KindClient, "the role was not assumed: "+skew
	}
	if e.Kind == "" {
		e.Kind = fault.KindInvalidResponse
	}
	return e
}

// mostSkew is how far apart clocks may be before a signature counts as too old, or
// as one of the future.
const mostSkew = 5 * time.Minute

// clockOff says that our clock and that of whoever wrote h are too far apart, or "".
func clockOff(h http.Header, now time.Time) string {
	if off := answer.ClockOff(h, now, mostSkew); off != "" {
		return off + ", and signatures carry the time"
	}
	return ""
}

// isASCIIWord reports whether r is an ASCII letter or digit.
func isASCIIWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
