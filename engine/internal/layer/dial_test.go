package layer_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
)

// localhost is a name that resolves to an address of ours, as one that has
// changed its mind would.
func TestS35_PublicOnlyLooksWhenItConnects(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer s.Close()
	c := &http.Client{Transport: layer.PublicOnly(&http.Transport{}, net.DefaultResolver.LookupNetIP)}
	for _, u := range []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1), strings.Replace(s.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		_, err := c.Get(u)
		var refused *layer.RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%s: got %v", u, err)
		}
	}
}

// S35: behind a proxy a host is looked up before it is handed over: the proxy may have any
// address, and connects to what it is asked for.
func TestS35_BehindAProxy(t *testing.T) {
	asked := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked = r.RequestURI; _, _ = io.WriteString(w, "x") }))
	defer proxy.Close()
	u, _ := url.Parse(proxy.URL)
	known := map[string]string{"public.test": "93.184.215.14", "two.test": "93.184.215.14 10.0.0.1", "ours.test": "10.0.0.1", "metadata.test": "169.254.169.254", "azure.test": "168.63.129.16", "mapped.test": "::ffff:127.0.0.1", "none.test": ""}
	lookup := func(_ context.Context, _, host string) (addrs []netip.Addr, err error) {
		text, ok := known[host]
		if !ok {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		for a := range strings.FieldsSeq(text) {
			addrs = append(addrs, netip.MustParseAddr(a))
		}
		return addrs, nil
	}
	base := layer.PublicOnly(&http.Transport{Proxy: http.ProxyURL(u)}, lookup)
	defer base.CloseIdleConnections()
	for _, host := range []string{"public.test", "93.184.215.14", "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]"} {
		asked = ""
		resp, err := base.RoundTrip(httptest.NewRequest("GET", "http://"+host+"/x", nil))
		if err != nil || asked != "http://"+host+"/x" {
			t.Fatalf("%s: got %v, asked for %q", host, err, asked)
		}
		_ = resp.Body.Close()
	}
	asked = ""
	var refused *layer.RefusedError
	for _, host := range append([]string{"two.test", "ours.test", "metadata.test", "azure.test", "mapped.test", "none.test", "unknown.test", "１２７.0.0.1"}, oddHosts...) {
		for _, scheme := range []string{"http://", "https://"} {
			r := httptest.NewRequest("GET", "http://x/", nil)
			r.URL = &url.URL{Scheme: strings.TrimSuffix(scheme, "://"), Host: host, Path: "/x"}
			if _, err := layer.Public(base).RoundTrip(r); !errors.As(err, &refused) || asked != "" {
				t.Errorf("%s: got %v, the proxy was asked for %q", host, err, asked)
			}
			if _, err := base.RoundTrip(r); !errors.As(err, &refused) || asked != "" {
				t.Errorf("%s, without a look before: got %v, the proxy was asked for %q", host, err, asked)
			}
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the caller has left")
	cancel(gone)
	if _, err := base.RoundTrip(httptest.NewRequest("GET", "http://public.test/x", nil).WithContext(ctx)); !errors.Is(err, gone) && !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}

// oddHosts are spellings of addresses of our own network, and numbers that some read so.
var oddHosts = []string{
	"localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "0X7F.0.0.1", "0177.0.0.1", "017700000001", "10.1", "0", "0.0.0.0", "127.0.0.1.", "127.1.", "127.0.0.0x1", "0x", "1.2.3.4.5", "256.1.1.1", "3232235777", "a.0x7f",
	"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:a00:1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00::1]", "169.254.169.254", "168.63.129.16", "100.64.0.1", "192.168.0.1", "172.16.0.1",
}

// What only looks like a number of our own is a name like any other.
func TestS35_HostsByTheirLook(t *testing.T) {
	for _, host := range oddHosts {
		if !layer.Private(strings.Trim(host, "[]")) {
			t.Errorf("%s is taken for one of the public network", host)
		}
	}
	for _, host := range []string{"api.fjord.test", "127.0.0.1.nip.test", "0x7f.test", "1password.test", "x0x7f", "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "a1", "localhost.test", "beef", "a.0xyz"} {
		if layer.Private(host) {
			t.Errorf("%s is refused", host)
		}
	}
}
