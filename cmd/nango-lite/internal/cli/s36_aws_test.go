package cli

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const seededAWS = `integrations:
    crate:
        auth: {auth_mode: AWS_SIGV4, aws: {service: x, region: y}}
        requests: &requests
            base_url: https://api.gossip.example/v1
            retries: {max_wait_seconds: 0.01}
            errors: {code: error.code, message: error.message, request_id: {header: X-Trace}}
            verify: {path: /me}
    role:
        oauth_client_id: AKIDOPERATOR
        oauth_client_secret: ${CLIENT_SECRET}
        auth:
            auth_mode: AWS_SIGV4
            aws:
                service: x
                region: y
                assume_role: {role_arn: "arn:aws:iam::123456789012:role/reader", url: https://api.gossip.example/token, external_id: "${connection.external_id}"}
        connection: {external_id: {from: user, secret: true}}
        requests: *requests
`

// gossipRole is a temporary key, as AssumeRole answers.
func gossipRole(g *gossip, r *http.Request, said string) (*http.Response, error) {
	resp, err := g.answer(r, 200, said)
	resp.Header.Set("Content-Type", "text/xml")
	resp.Body = io.NopCloser(strings.NewReader(fmt.Sprintf("<R><AssumeRoleResult><Credentials><AccessKeyId>ASIAINVENTED</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></R>",
		g.seeds.putWith("secret of a role", "-"), g.seeds.putWith("session token of a role", "-"))))
	return resp, err
}

// Neither the keys that calls are signed with are told, nor what they are obtained by,
// nor the certificate's key.
func TestS36_AWS(t *testing.T) {
	both(t, func(t *testing.T, s *seeded) {
		s.config = filepath.Join(t.TempDir(), "aws.yaml")
		write(t, s.config, seededAWS)
		connect := func() (key, role int) {
			key = s.exec("connect", "crate", "--set", "access_key_id=AKIDINVENTED", "--set", "secret_access_key="+s.plain("secret access key"), "--set", "session_token="+s.plain("session token"))
			role = s.exec("connect", "role", "--set", "external_id="+s.plain("external id"))
			return key, role
		}
		s.provider.role = true
		if key, role := connect(); key != 0 || role != 0 {
			t.Fatalf("connect: exit codes %d and %d\n%s", key, role, &s.err)
		}
		for _, name := range []string{"crate", "role"} {
			for range 2 { // text and JSON
				s.exec("explain", name)
				s.exec("connections", "show", name)
			}
			for _, s.provider.mode = range slices.Sorted(maps.Keys(gossipModes)) {
				s.exec("call", name, "/things?in="+s.plain("query"))
				s.exec("connections", "verify", name)
			}
		}
		s.provider.mode, s.provider.role = "ok", false
		s.withoutWaiting(t, func() {
			for _, s.provider.token = range slices.Sorted(maps.Keys(gossipTokenModes)) {
				connect()
				s.exec("connections", "refresh", "role")
			}
		})
		s.exec("connect", "crate", "--set", "access_key_id=x", "--set", "secret_access_key="+s.plain("secret with a space")+" ")
	})
}
