package sandbox

import (
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// compileAWS compiles what signatures are for.
func compileAWS(a *schema.Auth) (f awsForms, err error) {
	if a.AWS == nil {
		return f, nil
	}
	if f.scope, err = compileAll(map[string]string{"service": a.AWS.Service, "region": a.AWS.Region}); err != nil {
		return f, err
	}
	role := a.AWS.AssumeRole
	if role == nil {
		return f, nil
	}
	region := role.Region
	if region == "" {
		region = a.AWS.Region
	}
	if f.roleScope, err = compileAll(map[string]string{"service": "sts", "region": region}); err != nil {
		return f, err
	}
	params := map[string]string{"RoleArn": role.RoleARN, "RoleSessionName": role.Session()}
	if role.ExternalID != "" {
		params["ExternalId"] = role.ExternalID
	}
	f.role, err = compileAll(params)
	return f, err
}

// awsForms are what signatures are for, and what a request for a role holds.
type awsForms struct{ scope, roleScope, role []declared }

// checkAWSCall checks the signature of an API request.
func (p *Provider) checkAWSCall(c *call, who *caller) *refusal {
	a, ref := p.readAWS(c.Request, c.body)
	if ref == nil {
		ref = p.checkAWSScope(a, p.aws.scope)
	}
	if ref == nil && p.integration.Auth.AssumesRole() != nil {
		ref = p.checkRoleKey(a, who)
	} else if ref == nil {
		ref = p.checkAWSKey(a, who)
	}
	if ref != nil && ref.code != codeSkewed && ref.code != codeExpired {
		ref.status, ref.code = 401, codeUnauthorized
	}
	return ref
}

// checkAWSScope holds that the signature is for the declared service and region.
func (p *Provider) checkAWSScope(a *awsRequest, scope []declared) *refusal {
	for _, d := range scope {
		got := a.region
		if d.name == "service" {
			got = a.service
		}
		values, ok := d.form.read(got)
		if !ok {
			return refused(403, "SignatureDoesNotMatch", "the %s of the scope does not read like %q", d.name, d.text)
		}
		for n, v := range values {
			field, isField := strings.CutPrefix(d.form.refs[n][0].Name, "connection.")
			if f := p.integration.Connection[field].Field; isField && !fitsField(f, v) {
				return refused(403, "SignatureDoesNotMatch", "the %s of the scope is none that connection.%s may have", d.name, field)
			}
		}
	}
	return nil
}

// checkAWSKey checks a signature with a key that the user typed. The sandbox knows
// one account, that of the examples; of others it cannot know the secret.
func (p *Provider) checkAWSKey(a *awsRequest, who *caller) *refusal {
	id, secret := p.integration.Credentials["access_key_id"], p.integration.Credentials["secret_access_key"]
	who.key += shortHash(a.keyID)
	if id.Example == "" || a.keyID != id.Example || secret.Example == "" {
		return nil
	}
	return p.checkAWSSignature(a, secret.Example)
}

func (p *Provider) checkAWSSignature(a *awsRequest, secret string) *refusal {
	spec := p.integration.Auth.AWS
	if !a.signedWith(secret, spec != nil && spec.UnescapedPath) {
		return refused(403, "SignatureDoesNotMatch", "Signature is not the %s over the canonical request of %s %s", awsAlgorithm, a.Method, pathOf(a.Request))
	}
	return nil
}
