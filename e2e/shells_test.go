package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The proof in full: go test ./e2e -run TestTwoShells -shells 1m -v
var shells = flag.Duration("shells", 6*time.Second, "how long two shells call")

// loop calls until the time is up, says what failed, and how many calls there were.
const loop = `n=0
end=$(($(date +%s) + $SECONDS_LONG))
while [ $(date +%s) -lt $end ]; do
	"$PROGRAM" --store connections.db --sandbox=$SANDBOX call fjord /me >/dev/null 2>errors."$NAME" || cat errors."$NAME"
	n=$((n + 1))
done
echo "$n calls"
`

// Two shells call in a loop with the same file and the same connection, whose tokens
// live for two seconds, and rotate: no call fails, and the provider has each refresh
// token once.
func TestTwoShells(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	n := install(t, `integrations:
    fjord:
        oauth_client_id: client
        oauth_client_secret: secret
        oauth_scopes: [read]
        auth:
            auth_mode: OAUTH2
            authorization_url: https://fjord.example/authorize
            token_url: https://fjord.example/token
            token_lifetime_seconds: 2
        requests:
            base_url: https://api.fjord.example
            headers:
                Authorization: Bearer ${access_token}
`)
	sandbox := n.start("sandbox", "--addr", "127.0.0.1:0").line()
	n.must("--sandbox="+sandbox, "connect", "fjord")
	var running []*process
	for _, name := range []string{"one", "two"} {
		env := append(n.env, "PROGRAM="+program, "SANDBOX="+sandbox, "NAME="+name, fmt.Sprintf("SECONDS_LONG=%.0f", shells.Seconds()))
		running = append(running, start(t, n.dir, env, "sh", "-c", loop))
	}
	for _, p := range running {
		out := p.end()
		if out.code != 0 || strings.Count(out.stdout, "\n") != 1 || out.stderr != "" {
			t.Errorf("exit %d\n%s%s", out.code, out.stdout, out.stderr)
		}
		t.Log(strings.TrimSpace(out.stdout))
	}
	resp, err := http.Get(sandbox + "/_sandbox/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var stats map[string]struct {
		Refreshes     int
		Redemptions   map[string]int
		ReuseDetected int `json:"reuse_detected"`
		Refused       int
	}
	if err := json.NewDecoder(resp.Body).Decode(&stats); err != nil {
		t.Fatal(err)
	}
	got := stats["fjord"]
	most := 0
	for _, times := range got.Redemptions {
		most = max(most, times)
	}
	if got.Refreshes < 1 || most != 1 || got.ReuseDetected != 0 || got.Refused != 0 {
		t.Errorf("%d refreshes, up to %d of one token; %d used tokens came again, %d requests were refused", got.Refreshes, most, got.ReuseDetected, got.Refused)
	}
	t.Attr("counts", fmt.Sprintf("two shells for %v: %d refreshes, each token redeemed once", *shells, got.Refreshes))
}
