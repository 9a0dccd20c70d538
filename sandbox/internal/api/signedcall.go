package api

import (
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/sign"
	"github.com/nango-lite/nango-lite/schema"
)

// signsCalls reports whether the API wants its calls signed: where the blueprint
// gives Authorization itself, it does not.
func (p *gate) signsCalls() bool {
	mode := p.Integration.Auth.AuthMode
	return mode == schema.AWSSigV4 || (mode == schema.OAuth1 || mode == schema.TBA) &&
		!slices.ContainsFunc(p.guards, func(g match.Guard) bool { return g.Header && strings.EqualFold(g.Name, "Authorization") })
}

// checkSignedCall checks the signature of an API request.
func (p *gate) checkSignedCall(c *call, who *caller) *message.Refusal {
	if p.Integration.Auth.AuthMode == schema.AWSSigV4 {
		return p.checkAWSCall(c, who)
	}
	s, ref := p.ReadSigned(c.Request, c.body, c.at)
	if ref != nil {
		return message.Refused(401, message.CodeUnauthorized, "%s", ref.Reason)
	}
	token := s.Oauth["oauth_token"]
	if p.Integration.Auth.AuthMode == schema.TBA {
		return p.checkTyped(s, who)
	}
	if ref := p.checkAccess("", token, who); ref != nil {
		return ref
	}
	if ref := p.CheckSignature(s, grant.TokenSecret(token)); ref != nil {
		return message.Refused(401, message.CodeUnauthorized, "%s", ref.Reason)
	}
	return nil
}

// checkTyped checks a signature with a token that the user typed. The sandbox knows
// one account, that of the examples; of others it cannot know the secret.
func (p *gate) checkTyped(s *sign.SignedRequest, who *caller) *message.Refusal {
	id, secret := p.Integration.Credentials["token_id"], p.Integration.Credentials["token_secret"]
	token := s.Oauth["oauth_token"]
	if token == "" {
		return message.Refused(401, message.CodeUnauthorized, "oauth_token is missing")
	}
	who.key += message.ShortHash(token)
	if id.Example == "" || token != id.Example || secret.Example == "" {
		return nil
	}
	if ref := p.CheckSignature(s, secret.Example); ref != nil {
		return message.Refused(401, message.CodeUnauthorized, "%s", ref.Reason)
	}
	return nil
}
