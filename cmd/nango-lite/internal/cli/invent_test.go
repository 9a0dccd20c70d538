package cli

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestInventsWhatFits makes up a value for each kind of key, so that the sandbox
// plays a file with nothing set.
func TestInventsWhatFits(t *testing.T) {
	p := newProgram(t)
	config := filepath.Join(t.TempDir(), "c.yaml")
	write(t, config, `integrations:
    shop:
        log_level: ${LEVEL}
        max_retries: ${RETRIES}
        http_request_timeout_seconds: ${TIMEOUT}
        auth: {auth_mode: API_KEY}
        requests:
            base_url: ${API_HOME}
            headers: {X-Key: "${api_key}", X-App: "app ${APP}"}
            verify: {path: "${PROBE}"}
    parts:
        auth: {auth_mode: NONE}
        requests: {base_url: "https://${SHOP}.${SHOP_DOMAIN}/${TENANT_URL}"}
    start:
        auth: {auth_mode: NONE}
        requests: {base_url: "${API_BASE}/v1"}
`)
	for name, want := range map[string]string{
		"shop":  `requests\.base_url +\[REDACTED\]|requests\.base_url +https://shop\.sandbox\.example`,
		"parts": `"https://\[REDACTED\]\.\[REDACTED\]/\[REDACTED\]"`, // parts of an address may be a secret
		"start": `https://start\.sandbox\.example/v1`,
	} {
		p.ok("-c", config, "--sandbox", "--trace", "call", name, "/things")
		p.stderr(`invent +variable \w+ is not set: made up for the sandbox`)
		p.ok("-c", config, "--sandbox", "explain", name)
		if out := p.out.String(); !match(want, out) {
			t.Errorf("%s does not match %s:\n%s", name, want, out)
		}
	}
	if n := strings.Count(p.err.String(), "\n"); n != 1 {
		t.Errorf("%d lines on stderr:\n%s", n, &p.err)
	}
}
