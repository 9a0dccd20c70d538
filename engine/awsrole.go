package engine

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

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

// assumeRole obtains a temporary key.
func (e *Engine) assumeRole(ctx context.Context, op string, in *integration, c *Connection) (*oauthwire.Answer, error) {
	role := in.Parsed.AWS.Role
	fail := func(err error) error {
		return &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "the role cannot be assumed", Err: err}
	}
	if in.AppAssumesRole() && (in.OAuthClientID == "" || in.OAuthClientSecret.Empty()) {
		return nil, &Error{Op: op, Key: c.Key, Kind: KindClient, Detail: "oauth_client_id and oauth_client_secret, whose key assumes roles, are not configured"}
	}
	r, err := in.roleRequest(c, e.opts.Now)
	if err != nil {
		return nil, fail(err)
	}
	o := in.token.For(op, c).At("the Security Token Service")
	answer, err := o.Do(ctx, role.Templates.URL, r)
	if err != nil {
		return nil, token.Scrub(o.Unanswered(answer, err), r)
	}
	if code, failed := oauthwire.ErrorCode(answer, roleAnswer, nil); failed {
		return nil, token.Scrub(in.refusedRole(op, c.Key, answer, code, e.opts.Now()), r)
	}
	return answer, nil
}

func (in *integration) roleRequest(c *Connection, now func() time.Time) (*oauthwire.Request, error) {
	role, values := in.Parsed.AWS.Role, in.ValuesAt(c, now())
	u, err := render.URL(role.Templates.URL, values, in.FormatOf)
	if err != nil {
		return nil, err
	}
	params := map[string]string{"Action": "AssumeRole", "Version": "2011-06-15"}
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
	key := in.baseKey(c)
	return &oauthwire.Request{
		URL: u, Method: http.MethodPost, Params: params, XML: true, Headers: map[string]string{"Accept": "application/xml, text/xml"},
		Sign: func(r *http.Request, body []byte) error {
			s := key
			s.Service, s.Region, s.Time = "sts", region, now()
			s.Payload, _ = sigv4.Hash(bytes.NewReader(body))
			return s.Sign(r)
		},
	}, nil
}

// baseKey is the key that assumes c's role.
func (in *integration) baseKey(c *Connection) sigv4.Signature {
	if in.AppAssumesRole() {
		return sigv4.Signature{AccessKeyID: in.OAuthClientID, SecretAccessKey: in.OAuthClientSecret.Reveal()}
	}
	field := func(name string) string { return c.Credentials.Field(name).Reveal() }
	return sigv4.Signature{AccessKeyID: field("access_key_id"), SecretAccessKey: field("secret_access_key"), SessionToken: field("session_token")}
}

// takeRole completes a token of AssumeRole's answer. A key without its end, or with
// a part that is missing, is of no use.
func (in *integration) takeRole(t *Token) bool {
	secret, ok := t.RawValue(roleSecret)
	t.TokenSecret = schema.NewSecret(secret)
	return ok && secret != "" && !t.Secondary[sessionToken].AccessToken.Empty() && !t.ExpiresAt.IsZero()
}

// refusedRole gives a refusal of AssumeRole its kind.
func (in *integration) refusedRole(op string, k Key, a *oauthwire.Answer, code string, now time.Time) error {
	e := &Error{Op: op, Key: k, Kind: token.KindOfStatus(a.Status), Status: a.Status, Code: fault.ReadableCode(code), Detail: "the role was not assumed", RetryAfter: token.RetryAfter(a.Header)}
	switch code {
	case "AccessDenied", "AccessDeniedException":
		e.Kind, e.Detail = KindDenied, "the role was not assumed: it does not trust this key, or wants another external id"
	case "Throttling", "ThrottlingException", "RequestLimitExceeded":
		e.Kind = KindRateLimited
	case "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException":
		e.Kind, e.Detail = KindReauthorize, "the role was not assumed: the connection's key is not, or no longer, good"
		if in.AppAssumesRole() {
			e.Kind, e.Detail = KindClient, "the role was not assumed: the key of oauth_client_id is not, or no longer, good"
		}
	}
	if skew, ok := clockOff(a.Header, now); ok && e.Kind != KindDenied && a.Status < 500 {
		e.Kind, e.Detail = KindClient, "the role was not assumed: "+skew
	}
	if e.Kind == "" {
		e.Kind = KindInvalidResponse
	}
	return e
}

// mostSkew is how far apart clocks may be before a signature counts as too old, or
// as one of the future.
const mostSkew = 5 * time.Minute

// clockOff says that the clock here and the one that wrote the header are too far
// apart.
func clockOff(h http.Header, now time.Time) (reason string, ok bool) {
	there, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return "", false
	}
	off := now.Sub(there).Round(time.Second)
	if off.Abs() <= mostSkew {
		return "", false
	}
	return "the clock of this machine and the provider's are " + off.Abs().String() + " apart, and signatures carry the time", true
}

// isASCIIWord reports whether r is an ASCII letter or digit.
func isASCIIWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
