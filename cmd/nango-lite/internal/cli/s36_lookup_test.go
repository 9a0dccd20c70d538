package cli

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const seededLookUps = `integrations:
    look:
        auth: {auth_mode: API_KEY}
        connection:
            vault: {from: user, secret: true, optional: true}
            own:
                from: request
                secret: true
                request:
                    method: POST
                    url: https://api.gossip.example/found/${api_key}
                    params: {key: "${api_key}", vault: "${connection.vault || ''}"}
                    headers: {X-Found: "${api_key}"}
            pick:
                from: request
                secret: true
                request: {path: "/pick?own=${connection.own}"}
                list: {items: items, value: ''}
            shape: {from: request, path: own, secret: true, integer: FORMAT, request: {path: /shape}}
        requests:
            base_url: https://api.gossip.example/v1
            headers: {X-Key: "${api_key}", X-Own: "${connection.own}"}
            params: {pick: "${connection.pick}"}
            retries: {max_wait_seconds: 0.01}
            errors: {code: error.code, message: error.message, request_id: {header: X-Trace}}
            verify: {path: /me}
`

// What is looked up may be a secret, and what it is looked up with is one.
func TestS36_LookUps(t *testing.T) {
	both(t, func(t *testing.T, s *seeded) {
		s.config = filepath.Join(t.TempDir(), "look.yaml")
		for _, shape := range []string{"optional: true", "format: integer"} {
			write(t, s.config, strings.ReplaceAll(seededLookUps, "integer: FORMAT", shape))
			for _, s.provider.mode = range slices.Sorted(maps.Keys(gossipModes)) {
				code := s.exec("connect", "look", "--set", "api_key="+s.plain("API key"), "--set", "vault="+s.put("secret field of the user"))
				if fits := strings.HasPrefix(shape, "optional"); s.provider.mode == "ok" && (code == 0) != fits {
					t.Errorf("connect with %s: exit code %d\n%s", shape, code, &s.err)
				}
				for range 2 {
					s.exec("connections", "show", "look")
				}
				s.exec("call", "look", "/things")
				s.exec("connections", "set", "look")
				s.exec("connections", "set", "look", "--set", "vault="+s.put("another secret field"))
				s.exec("connections", "set", "look", "--set", "pick="+s.put("a choice that is none"))
			}
		}
	})
}

const seededAddresses = `integrations:
    addr:
        auth: {auth_mode: API_KEY}
        connection:
            vault: {from: user, secret: true, optional: true, default: '${VAULT}'}
            own: {from: request, secret: true, optional: true, request: {path: "/found/${api_key}/${LOOKED}"}}
        requests:
            base_url: https://api.gossip.example/v1/bot${BASE}
            headers: {X-Key: "${api_key}", X-Vault: "${connection.vault}"}
            retries: {max_wait_seconds: 0.01, safe: ["POST /find/${SAFE}"]}
            verify: {path: "/${api_key}/me/${VERIFIED}"}
    consent:
        oauth_client_id: consent-id
        oauth_client_secret: ${CLIENT}
        oauth_scopes: ''
        auth:
            auth_mode: OAUTH2
            authorization_url: https://api.gossip.example/authorize
            token_url: https://api.gossip.example/token/${TOKEN}
        requests:
            base_url: https://api.gossip.example/v1
            headers: {Authorization: "Bearer ${access_token}"}
`

// An address may hold a secret of the operator's or of the user's: in the path, as some
// APIs have it.
func TestS36_AddressesOfTheCommandLine(t *testing.T) {
	both(t, func(t *testing.T, s *seeded) {
		s.config = filepath.Join(t.TempDir(), "addr.yaml")
		write(t, s.config, seededAddresses)
		env, lookup := map[string]string{}, s.deps.LookupEnv
		for _, name := range []string{"VAULT", "LOOKED", "BASE", "SAFE", "VERIFIED", "CLIENT", "TOKEN"} {
			env[name] = s.plain("variable " + name)
		}
		s.deps.LookupEnv = func(name string) (string, bool) {
			if v, ok := env[name]; ok {
				return v, true
			}
			return lookup(name)
		}
		for _, name := range []string{"addr", "consent"} {
			for range 2 { // as text and as JSON
				if s.exec("explain", name) != 0 {
					t.Fatalf("explain: %s", &s.err)
				}
			}
		}
		for _, s.provider.mode = range slices.Sorted(maps.Keys(gossipModes)) {
			s.exec("connect", "addr", "--set", "api_key="+s.plain("API key"))
			for range 2 {
				s.exec("call", "addr", "/things")
				s.exec("connections", "verify", "addr")
				s.exec("connections", "show", "addr")
			}
		}
		s.provider.mode = "ok"
		for _, s.provider.token = range []string{"ok", "refused"} {
			s.connect("consent")
		}
	})
}
