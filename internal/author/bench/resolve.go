package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// An Entry is a version of a blueprint that is ready to be played.
type Entry struct {
	Ref    string              // name:version
	Client *schema.Integration // as the engine has it
	Played *schema.Integration // as the sandbox plays it

	block map[string]any // what the operator wrote
	late  time.Duration  // how long each request is under way, and each answer: a test's idea of a busy machine
}

// What the operator of the bench has registered. Id and secret hold characters
// that look different once they are escaped.
const (
	clientID     = "bench+client/1"
	clientSecret = "bench secret:/+%&=1"
	appKey       = "bench-app-key"
	integration  = "bench"
	redirectURL  = "http://localhost:3003/oauth/callback"
)

// benchScopes are asked for where the blueprint leaves the choice.
var benchScopes = []string{"bench.read", "bench.write"}

// Refs returns all versions of a catalog as name:version, in order.
func Refs(c *loader.Catalog) []string {
	var refs []string
	for _, name := range c.Names() {
		b, _, ok := c.Lookup(name)
		if !ok {
			continue
		}
		for _, v := range slices.SortedFunc(maps.Keys(b.Versions), loader.CompareVersions) {
			refs = append(refs, name+":"+v)
		}
	}
	return refs
}

// Resolve makes an entry of a version, given as name:version, as an integration
// would have it that says no more than it must.
func Resolve(ctx context.Context, c *loader.Catalog, ref string) (*Entry, error) {
	v, ds := c.Version(ref)
	if v == nil {
		if err := ds.Err(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("there is no blueprint %s", ref)
	}
	block := asked(ref, v)
	in, err := load(ctx, c, block)
	if err != nil {
		return nil, fmt.Errorf("blueprint %s: %w", ref, err)
	}
	return &Entry{Ref: ref, Client: in, Played: in, block: block}, nil
}

// Misread returns the entry with the engine's side as another catalog has it: the
// sandbox plays on what e says.
func (e *Entry) Misread(ctx context.Context, c *loader.Catalog) (*Entry, error) {
	in, err := load(ctx, c, e.block)
	if err != nil {
		return nil, err
	}
	other := *e
	other.Client = in
	return &other, nil
}

// load returns the integration that an operator's block makes.
func load(ctx context.Context, c *loader.Catalog, block map[string]any) (*schema.Integration, error) {
	file, err := json.Marshal(map[string]any{"integrations": map[string]any{integration: block}})
	if err != nil {
		return nil, err
	}
	none := func(string) (string, bool) { return "", false }
	cfg, ds := loader.LoadBytes(ctx, "bench.yaml", file, &loader.Options{Catalog: c, LookupEnv: none})
	in := cfg.Integrations[integration]
	if in == nil {
		if err := ds.Err(); err != nil {
			return nil, err
		}
		return nil, errors.New("it gives no integration")
	}
	return in, nil
}

// asked is what the operator has to write for a version.
func asked(ref string, v *schema.Version) map[string]any {
	block := map[string]any{"extends_blueprint": ref}
	mode := v.Auth.AuthMode
	_, own := v.Credentials["client_id"] // of each connection
	if mode == schema.OAuth2 && !own || mode == schema.OAuth1 || mode == schema.TBA {
		block["oauth_client_id"] = clientID
		if auth := v.Auth.ClientAuth(); auth != schema.ClientAuthNone && auth != schema.ClientAuthTLS || sendsSecret(v) {
			block["oauth_client_secret"] = clientSecret
			if v.Auth.Signature() == signingkey.RSASHA1 {
				block["oauth_client_secret"] = sandbox.PrivateKey
			}
		}
		if mode != schema.TBA && !v.Auth.AsksNoScopes() && len(v.Auth.DefaultScopes) == 0 {
			block["oauth_scopes"] = benchScopes
		}
	}
	if r := v.Auth.AssumesRole(); r != nil && r.Source == schema.SourceApp {
		block["oauth_client_id"], block["oauth_client_secret"] = "BENCHKEY", clientSecret
	}
	if v.Auth.WantsCertificate() {
		block["client_certificate"], block["client_certificate_key"] = sandbox.ClientCertificate, sandbox.ClientCertificateKey
	}
	if v.Auth.SignsWithAppKey() {
		block["oauth_private_key"] = sandbox.PrivateKey
		block["oauth_client_id"] = clientID
	}
	for _, templates := range []map[string]string{v.Requests.Headers, v.Requests.Params, v.Requests.Body} {
		for _, text := range templates {
			if t, err := schema.ParseTemplate(text); err == nil && slices.Contains(t.Refs(), "app_api_key") {
				block["app_api_key"] = appKey
			}
		}
	}
	return block
}

// sendsSecret reports whether a version puts the client's secret somewhere
// itself, whatever its way of client authentication.
func sendsSecret(v *schema.Version) bool {
	for _, templates := range []map[string]string{v.Auth.TokenParams.Leaves(), v.Auth.RefreshParams.Leaves(), v.Auth.TokenHeaders, v.Requests.Headers, v.Requests.Params, v.Requests.Body} {
		for _, text := range templates {
			if t, err := schema.ParseTemplate(text); err == nil && slices.Contains(t.Refs(), "oauth_client_secret") {
				return true
			}
		}
	}
	return false
}

// typed is what the user of the bench types into a field.
func typed(name string, f schema.Field) string {
	switch {
	case f.Example != "":
		return f.Example
	case f.Default != "":
		return f.Default
	case len(f.Enum) > 0:
		return f.Enum[0]
	case f.Optional:
		return ""
	}
	switch f.Format {
	case "private_key":
		return sandbox.PrivateKey
	case "hostname":
		return "bench.example.com"
	case "uri":
		return "https://bench.example.com"
	case "email":
		return "user@bench.example.com"
	case "uuid":
		return "00000000-0000-4000-8000-0000000000be"
	case "integer":
		return "7"
	}
	return "bench-" + name
}
