package cli

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"
)

const seededSignatures = `integrations:
    signed:
        auth:
            auth_mode: SIGNATURE
            signature:
                headers:
                    X-Wsse: UsernameToken Username="${username}", PasswordDigest="${base64(hex(sha1(nonce(), now('iso'), password)))}", Nonce="${nonce()}"
                    X-Encoded: ${base64(password)} ${hex(password)} ${urlencode(password)}
                params: {sum: "${hex(hmac_sha256(password, request.path, request.query, request.body))}"}
        requests:
            base_url: https://api.gossip.example/v1
            retries: {max_wait_seconds: 0.01}
            errors: {code: error.code, message: error.message, request_id: {header: X-Trace}}
            verify: {path: /me}
    body:
        auth: {auth_mode: API_KEY}
        credentials: {pin: {secret: true}}
        requests:
            base_url: https://api.gossip.example/v1
            body: {key: "${api_key}", pin: "${base64url(credentials.pin)}"}
            retries: {max_wait_seconds: 0.01}
            errors: {code: error.code, message: error.message, request_id: {header: X-Trace}}
            verify: {method: POST, path: /me}
`

// What signs is a secret, however it is written, and a key in the body is one.
func TestS36_Signed(t *testing.T) {
	both(t, func(t *testing.T, s *seeded) {
		s.config = filepath.Join(t.TempDir(), "signed.yaml")
		write(t, s.config, seededSignatures)
		for _, s.provider.mode = range slices.Sorted(maps.Keys(gossipModes)) {
			s.exec("connect", "signed", "--set", "username="+s.plain("user name"), "--set", "password="+s.put("password"))
			s.exec("connect", "body", "--set", "api_key="+s.put("API key"), "--set", "pin="+s.put("declared credential"))
			for _, name := range []string{"signed", "body"} {
				s.exec("connections", "show", name)
				s.exec("explain", name)
				s.exec("call", name, "/things?secret="+s.plain("query of the caller"))
				s.exec("call", name, "POST", "/things", "-d", `{"a": "`+s.plain("body of the caller")+`"}`)
				s.exec("call", name, "POST", "/things", "-H", "Content-Type: text/plain", "-d", s.plain("another body"))
			}
		}
	})
}
