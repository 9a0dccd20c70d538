package api

import (
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/sign"
)

// checkAWSCall checks the signature of an API request.
func (p *gate) checkAWSCall(c *call, who *caller) *message.Refusal {
	a, ref := p.ReadAWS(c.Request, c.body)
	if ref == nil {
		ref = p.CheckAWSScope(a, p.AWS.Scope)
	}
	if ref == nil && p.Integration.Auth.AssumesRole() != nil {
		ref = p.checkRoleKey(a, who)
	} else if ref == nil {
		ref = p.checkAWSKey(a, who)
	}
	if ref != nil && ref.Code != sign.CodeSkewed && ref.Code != message.CodeExpired {
		ref.Status, ref.Code = 401, message.CodeUnauthorized
	}
	return ref
}

// checkAWSKey checks a signature with a key that the user typed. The sandbox knows
// one account, that of the examples; of others it cannot know the secret.
func (p *gate) checkAWSKey(a *sign.AWSRequest, who *caller) *message.Refusal {
	id, secret := p.Integration.Credentials["access_key_id"], p.Integration.Credentials["secret_access_key"]
	who.key += message.ShortHash(a.KeyID)
	if id.Example == "" || a.KeyID != id.Example || secret.Example == "" {
		return nil
	}
	return p.CheckAWSSignature(a, secret.Example)
}

// checkRoleKey checks a signature with a temporary key.
func (p *gate) checkRoleKey(a *sign.AWSRequest, who *caller) *message.Refusal {
	token := a.Header.Get("X-Amz-Security-Token")
	c, ok := grant.Open(token)
	switch {
	case token == "":
		return message.Refused(403, "InvalidClientTokenId", "X-Amz-Security-Token is missing; calls are made in a role")
	case !ok || c.Kind != grant.KindAccess || a.KeyID != grant.RoleKeyID(token):
		return message.Refused(403, "InvalidClientTokenId", "the session token was not issued by a sandbox, or belongs to another key")
	case c.Expires != 0 && !p.Now().Before(time.UnixMilli(c.Expires)):
		return message.Refused(401, message.CodeExpired, "the session token expired at %s", time.UnixMilli(c.Expires).UTC().Format(time.RFC3339))
	}
	who.access, who.key = c, c.Family
	if ref := p.Grants.Check(c); ref != nil {
		return ref
	}
	return p.CheckAWSSignature(a, grant.TokenSecret(token))
}
