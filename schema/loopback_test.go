package schema_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "app.localhost": true, "127.0.0.1": true, "127.8.9.10": true, "::1": true,
		"": false, "localhost.test": false, "notlocalhost": false, "10.0.0.1": false, "127.0.0.1.test": false, "0.0.0.0": false,
	} {
		if got := schema.IsLoopback(host); got != want {
			t.Errorf("IsLoopback(%q) is %t", host, got)
		}
	}
}
