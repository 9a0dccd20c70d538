package page

import (
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// brought lists what the operator writes into the file, in the order of the block.
func brought(b *schema.Blueprint, v *schema.Version) []Input {
	auth := &v.Auth
	out := append([]Input{}, client(b, v)...)
	if auth.AuthMode == schema.OAuth2 && len(out) > 0 && !auth.AsksNoScopes() {
		out = append(out, scopesInput(v))
	}
	if auth.SignsWithAppKey() {
		out = append(out, Input{Name: "oauth_private_key", Title: "Private key", Description: "Of the same app, in PEM. Keep it in a file of its own.", Secret: true})
	}
	if auth.WantsCertificate() {
		out = append(out,
			Input{Name: "client_certificate", Title: "Client certificate", Description: "That " + b.DisplayName + " knows you by, in PEM, with those of its issuers if need be."},
			Input{Name: "client_certificate_key", Title: "Key of the client certificate", Description: "In PEM. Keep it in a file of its own.", Secret: true})
	}
	if wants(v, "app_api_key") {
		out = append(out, Input{Name: "app_api_key", Title: "API key of the app", Secret: true})
	}
	return out
}

// client is what the operator is to the provider.
func client(b *schema.Blueprint, v *schema.Version) []Input {
	auth := &v.Auth
	of := "Of an app that you register with " + b.DisplayName
	if b.AppURL != "" {
		of += " (" + b.AppURL + ")"
	}
	id := Input{Name: "oauth_client_id", Title: "Client ID", Description: of + "."}
	secret := Input{Name: "oauth_client_secret", Title: "Client secret", Description: "Of the same app. Keep it in the environment, not in the file.", Secret: true}
	switch auth.AuthMode {
	case schema.OAuth2:
		if _, own := v.Credentials["client_id"]; own { // of each connection
			return nil
		}
		id.Description = strings.Replace(of, "an app", "an OAuth app", 1)
		if !auth.DeviceOnly() {
			id.Description += ", with the redirect URL " + CommandLineRedirect + " for connections from the command line"
		}
		id.Description += "."
		switch auth.ClientAuth() {
		case schema.ClientAuthNone, schema.ClientAuthJWT, schema.ClientAuthTLS:
			return []Input{id}
		}
	case schema.OAuth1:
		id.Description = strings.Replace(of, "an app", "an OAuth app", 1) + ", with the redirect URL " + CommandLineRedirect + " for connections from the command line."
	case schema.TBA:
	case schema.App:
		id.Title = "App ID"
		return []Input{id}
	case schema.AWSSigV4:
		if r := auth.AssumesRole(); r == nil || r.Source != schema.SourceApp {
			return nil
		}
		id.Title, id.Description = "Access key ID", "Of your own, which assumes the roles of users."
		secret.Title, secret.Description = "Secret access key", "Of the same key. Keep it in the environment, not in the file."
	default:
		return clientOfTemplates(v, id, secret)
	}
	return []Input{id, secret}
}

// clientOfTemplates is the client of modes that have one where a request carries it.
func clientOfTemplates(v *schema.Version, id, secret Input) (out []Input) {
	if v.Auth.AuthMode == schema.OAuth2CC {
		return nil // one for all, or one of each connection
	}
	for _, in := range []Input{id, secret} {
		if wants(v, in.Name) {
			out = append(out, in)
		}
	}
	return out
}

func scopesInput(v *schema.Version) Input {
	in := Input{Name: "oauth_scopes", Title: "Scopes", Description: "What the app asks the user for."}
	if d := v.Auth.DefaultScopes; len(d) > 0 {
		in.Optional, in.Default = true, "["+strings.Join(d, ", ")+"]"
		return in
	}
	if s, _ := schema.TextAt(tokenSample(v), "scope"); s != "" {
		in.Example = "[" + strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }), ", ") + "]"
	}
	return in
}
