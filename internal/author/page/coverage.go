package page

import (
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// States of a [Row].
const (
	Covered    = "yes"
	NotCovered = "no"
	NotNeeded  = "none" // there is nothing to cover
)

// A Row says whether a part of working with an API is taken off its users' hands,
// how, and which steps of the bench play it. The first five are those of the pages
// of 2022.
type Row struct {
	Key   string   `json:"key"`
	Part  string   `json:"part"`
	State string   `json:"state"`
	How   string   `json:"how,omitempty"`
	Steps []string `json:"steps"` // of 'blueprints test'
}

// Mark is the state as a sign.
func (r Row) Mark() string {
	return map[string]string{Covered: "✓", NotCovered: "✗", NotNeeded: "–"}[r.State]
}

// Keys of rows, in their order.
const (
	rowAuth    = "authorization"
	rowRefresh = "refresh"
	rowLimit   = "rate_limit"
	rowTimeout = "timeout"
	rowAny     = "any_endpoint"
	rowPages   = "pagination"
	rowErrors  = "errors"
	rowVerify  = "verify"
	rowRevoke  = "revocation"
	rowSandbox = "sandbox"
)

func coverage(v *schema.Version) []Row {
	r := &v.Requests
	rows := []Row{
		authRow(&v.Auth),
		refreshRow(v),
		{Key: rowLimit, Part: "Rate limit detection", State: Covered, How: detectedInShort(r.RateLimit)},
		row(rowTimeout, "Retries on timeout", timesInShort(r.Retries)),
		row(rowAny, "Any endpoint of the API", "every path below "+r.BaseURL),
		row(rowPages, "Pagination", pagesInShort(r.Pagination)),
		row(rowErrors, "Error mapping", rulesInShort(r.Errors)),
		row(rowVerify, "Proof of a connection", verifyInWords(r.Verify)),
		revokeRow(&v.Auth),
		row(rowSandbox, "Sandbox", samplesInShort(v)),
	}
	for i := range rows {
		rows[i].Steps = playedBy(v, rows[i])
	}
	return rows
}

// row is covered if there is something to say about it.
func row(key, part, how string) Row {
	if how == "" || how == "none" {
		return Row{Key: key, Part: part, State: NotCovered}
	}
	return Row{Key: key, Part: part, State: Covered, How: how}
}

func authRow(a *schema.Auth) Row {
	mode := a.AuthMode.Mode()
	out := Row{Key: rowAuth, Part: mode.Title, State: Covered}
	switch {
	case mode.Consent == schema.ConsentCode:
		out.Part, out.How = "Built-in OAuth2", codeGrantInShort(a)
	case mode.Consent == schema.ConsentTemporary:
		out.Part, out.How = "Built-in "+mode.Title, "three steps (RFC 5849), each signed with "+a.SignatureMethod
	case a.AssumesRole() != nil:
		out.How = "a role is assumed when the connection is made; every call is signed with its key"
	case mode.Name == schema.SignedJWT:
		out.How = "a token is signed when the connection is made"
	case mode.Signing != schema.NoSigning, a.RequestSignature != nil:
		out.How = "asked for once, kept sealed; every call is signed with it"
	case mode.Token == schema.TokenIssued:
		out.How = "a token is obtained for the credentials when the connection is made"
	case mode.Name == schema.NoAuth:
		out.State, out.How = NotNeeded, "there is nothing to connect"
	default:
		out.How = "asked for once, kept sealed, sent with every call"
	}
	return out
}

func codeGrantInShort(a *schema.Auth) string {
	switch {
	case a.AuthMode == schema.MCPOAuth2:
		return "authorization code, with PKCE; the server and the client are found out (RFC 9728, RFC 8414, RFC 7591)"
	case a.DeviceOnly():
		return "consent on another device, by a code (RFC 8628)"
	}
	how := "authorization code, with PKCE"
	if a.Challenge() == schema.PKCEOff {
		how = "authorization code, without PKCE"
	}
	if a.DeviceAuthorizationURL != "" {
		how += ", or consent on another device (RFC 8628)"
	}
	return how
}

// refreshRow goes by the token answer that the provider documents.
func refreshRow(v *schema.Version) Row {
	out := Row{Key: rowRefresh, Part: "Automatic refresh", State: NotNeeded, How: "credentials of this kind do not end by themselves"}
	a := &v.Auth
	if a.Issues() {
		out.State, out.How = Covered, "before the token ends, or when it is refused, another is obtained, once for all callers"
		return out
	}
	if a.AuthMode == schema.MCPOAuth2 {
		out.State, out.How = Covered, "ahead of the token's end, and when a call is answered with 401, where the server gives a refresh token"
		return out
	}
	if a.AuthMode != schema.OAuth2 {
		return out
	}
	token := tokenSample(v)
	refresh, expires := "refresh_token", "expires_in"
	if r := a.TokenResponse; r != nil {
		if r.RefreshToken != "" {
			refresh = r.RefreshToken
		}
		if r.Expires != nil {
			expires = r.Expires.Path
		}
	}
	refreshed, _ := schema.At(token, refresh)
	ends, _ := schema.At(token, expires)
	switch {
	case refreshed == nil:
		out.How = "the documented token answer has no refresh token; where one comes, it is used"
		return out
	case ends != nil || a.TokenLifetimeSeconds > 0:
		out.How = "ahead of the token's end, and when a call is answered with 401"
	default:
		out.How = "when a call is answered with 401"
	}
	out.State = Covered
	for _, c := range a.RefreshOn {
		out.How += ", or with " + condition(c)
	}
	return out
}

// tokenSample is the first documented token answer.
func tokenSample(v *schema.Version) any {
	for _, s := range v.Samples {
		if s.Kind == schema.SampleToken {
			return s.Response.Body
		}
	}
	return nil
}

func detectedInShort(r *schema.RateLimit) string {
	if r == nil {
		return "status 429"
	}
	text := detected(r)
	if r.Budget != nil {
		text += "; and a budget, so that it seldom comes to that"
	}
	return text
}

func timesInShort(r *schema.Retries) string {
	text, _, _ := strings.Cut(retriesInWords(r), ";")
	return text
}

func pagesInShort(p *schema.Pagination) string {
	if p == nil {
		return ""
	}
	return "by " + p.Kind
}

func rulesInShort(e *schema.Errors) string {
	if e == nil {
		return ""
	}
	var parts []string
	if len(e.Code) > 0 {
		parts = append(parts, "code")
	}
	if len(e.Message) > 0 {
		parts = append(parts, "message")
	}
	if e.RequestID != nil {
		parts = append(parts, "request ID")
	}
	if len(e.Rules) > 0 {
		parts = append(parts, plural(len(e.Rules), "rule"))
	}
	return strings.Join(parts, ", ")
}

func samplesInShort(v *schema.Version) string {
	if len(v.Samples) == 0 {
		return ""
	}
	return "plays " + plural(len(v.Samples), "documented answer")
}

func revokeRow(a *schema.Auth) Row {
	switch {
	case a.AuthMode == schema.MCPOAuth2:
		return Row{Key: rowRevoke, Part: "Revocation", State: Covered, How: "where the server names an address for it, when a connection is removed"}
	case a.AuthMode != schema.OAuth2 && a.RevocationURL == "":
		return Row{Key: rowRevoke, Part: "Revocation", State: NotNeeded, How: "there is no grant to take back"}
	case a.RevocationURL == "":
		return Row{Key: rowRevoke, Part: "Revocation", State: NotCovered, How: "the blueprint knows no address for it"}
	}
	return Row{Key: rowRevoke, Part: "Revocation", State: Covered, How: "at the provider, when a connection is removed"}
}

// InWords is the state for those who do not see the sign.
func (r Row) InWords() string {
	return map[string]string{Covered: "covered", NotCovered: "not covered", NotNeeded: "not needed"}[r.State]
}
