package loader_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
)

// TestS27_CertificateNearItsEnd: the loader's clock decides, and 30 days are a warning.
func TestS27_CertificateNearItsEnd(t *testing.T) {
	file, err := json.Marshal(map[string]any{"integrations": map[string]any{"gate": map[string]any{
		"client_certificate": sandbox.ClientCertificate, "client_certificate_key": sandbox.ClientCertificateKey,
		"auth": map[string]any{"auth_mode": "NONE"}, "requests": map[string]any{"base_url": "https://gate.example"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now  string
		want string // empty: nothing is found
	}{
		{"2020-06-01", ""}, {"2119-12-01", ""},
		{"2119-12-03", "warning: \"client_certificate\" ends on 2120-01-01"},
		{"2120-01-02", "error: \"client_certificate\" has ended"},
		{"2019-12-31", "error: \"client_certificate\" begins on 2020-01-01"},
	} {
		now, _ := time.Parse("2006-01-02", c.now)
		cfg, ds := loader.LoadBytes(t.Context(), "x.yaml", file, &loader.Options{Now: func() time.Time { return now }})
		var b strings.Builder
		_ = ds.WriteText(&b)
		if !strings.Contains(b.String(), c.want) || c.want == "" && len(ds) > 0 || (cfg.Integrations["gate"] == nil) != strings.HasPrefix(c.want, "error") {
			t.Errorf("%s: got %q, want %q", c.now, b.String(), c.want)
		}
	}
}
