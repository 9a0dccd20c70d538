package layer_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/layer/layertest"
)

func TestS35_LookFirst(t *testing.T) {
	ours, theirs := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("93.184.215.14")
	for _, c := range []struct {
		name  string
		addrs []netip.Addr
		err   error
		sent  bool
	}{
		{"public", []netip.Addr{theirs}, nil, true},
		{"private", []netip.Addr{ours}, nil, false},
		{"both", []netip.Addr{theirs, ours}, nil, false},
		{"IPv4 in IPv6", []netip.Addr{netip.MustParseAddr("::ffff:10.1.2.3")}, nil, false},
		{"unknown here", nil, errors.New("no such host"), false},
	} {
		sent := false
		next := layertest.Func(func(r *http.Request) (*http.Response, error) { sent = true; return layertest.Answer(r, 200, ""), nil })
		lookup := func(_ context.Context, network, host string) ([]netip.Addr, error) {
			if network != "ip" || host != "api.fjord.test" {
				t.Errorf("looked up %s, %s", network, host)
			}
			return c.addrs, c.err
		}
		r, _ := http.NewRequest("GET", layertest.Base, nil)
		_, err := layer.LookFirst(next, lookup).RoundTrip(r)
		var refused *layer.RefusedError
		if sent != c.sent || errors.As(err, &refused) == c.sent {
			t.Errorf("%s: sent %t, %v", c.name, sent, err)
		}
	}
}
