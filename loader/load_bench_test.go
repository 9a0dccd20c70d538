package loader_test

import (
	"context"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/nango-lite/nango-lite/loader"
)

// BenchmarkLoad loads one integration: with a catalog of few entries, with the
// bundled one, and, to compare, reads the same text with yaml.v3 alone. What is
// compiled once a process is not in it; see BenchmarkStart of the command.
func BenchmarkLoad(b *testing.B) {
	small := []byte("integrations:\n    acme:\n        extends_blueprint: acme:v10\n        oauth_client_id: ${CLIENT_ID}\n        oauth_client_secret: ${CLIENT_SECRET}\n        oauth_scopes: []\n")
	bundled := []byte("integrations:\n    notion:\n        extends_blueprint: notion:v0\n        oauth_client_id: invented\n        oauth_client_secret: invented\n        oauth_scopes: ''\n")
	b.Run("yaml.v3", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var doc yaml.Node
			if err := yaml.Unmarshal(bundled, &doc); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, c := range []struct {
		name string
		data []byte
		opts *loader.Options
	}{{"few", small, options()}, {"bundled", bundled, nil}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ds := loader.LoadBytes(context.Background(), "i.yaml", c.data, c.opts); len(ds) > 0 {
					b.Fatal(ds)
				}
			}
		})
	}
}
