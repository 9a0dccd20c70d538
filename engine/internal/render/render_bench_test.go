package render_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// Most templates are a word and a value; functions must cost them nothing.
func BenchmarkText(b *testing.B) {
	for _, c := range []struct{ name, text string }{{"literal", "2022-06-28"}, {"value", "Bearer ${access_token}"}, {"alternatives", "${connection.none || access_token || 'x'}"}} {
		t, err := schema.ParseTemplate(c.text)
		if err != nil {
			b.Fatal(err)
		}
		values := of("access_token", "a-token-of-some-length")
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := render.Text(t, values); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
