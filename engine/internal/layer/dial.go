package layer

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nango-lite/nango-lite/internal/weburl"
)

// Guard returns the layer that sends what leaves the base URL's origin through public,
// which [Public] has made: where a redirect leads is not the operator's choice. An
// integration whose base URL is on our own network is left alone.
func Guard(public http.RoundTripper) Layer {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if call := From(r.Context()); call == nil || Private(call.base.Hostname()) {
				return next.RoundTrip(r)
			}
			return public.RoundTrip(r)
		})
	}
}

var (
	errPrivate = &RefusedError{"the host is not on the public network; an operator can allow it with requests.allow_private_hosts"}
	errUnseen  = &RefusedError{"the host cannot be looked up here, so that it would stay unseen where a proxy, or a transport of the program's own, connects to; an operator can allow it with requests.allow_private_hosts"}
)

// A Lookup returns the addresses of a host, as [net.Resolver.LookupNetIP] does.
type Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

// Public returns a round tripper that refuses hosts which are on our own network
// by the look of them, and sends the rest through next, whose job is those that
// only turn out to be there.
func Public(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if Private(r.URL.Hostname()) { // a proxy would not be stopped at dialling
			closeBody(r)
			return nil, errPrivate
		}
		return next.RoundTrip(r)
	})
}

// LookFirst returns next behind a look at the addresses of the host: a stand-in
// for [PublicOnly] where next is not net/http's and cannot be told what to connect
// to. A name that changes its mind in between gets past it. One that cannot be
// looked up here is refused: next may have another way, such as a proxy, and what that
// finds is not seen.
func LookFirst(next http.RoundTripper, lookup Lookup) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if err := publicBehind(r, lookup); err != nil {
			closeBody(r)
			return nil, err
		}
		return next.RoundTrip(r)
	})
}

// PublicOnly returns a copy of t that connects to public addresses only: not to
// loopback, private, link-local and metadata ones. It looks at the address when
// it connects, so that a name which changes its mind does not help, and keeps
// connections of its own. A proxy of t's may have any address. What goes to a proxy is
// looked up first: all addresses of the host must be public, and one that cannot be looked
// up here is refused. Which address the proxy then connects to is up to it.
func PublicOnly(t *http.Transport, lookup Lookup) *http.Transport {
	c := t.Clone()
	//lint:ignore SA1019 a host may have set them all the same
	c.DialTLSContext, c.DialTLS, c.Dial = nil, nil, nil // they would go past the check
	dialer := &net.Dialer{Timeout: 30 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		if a, err := netip.ParseAddrPort(address); err != nil || !public(a.Addr()) {
			return errPrivate
		}
		return nil
	}}
	c.DialContext = dialer.DialContext
	if t.Proxy == nil {
		return c
	}
	var proxies sync.Map // addresses
	c.Proxy = func(r *http.Request) (*url.URL, error) {
		u, err := t.Proxy(r)
		if u == nil || err != nil {
			return nil, err
		}
		proxies.Store(weburl.Address(u), true)
		return u, publicBehind(r, lookup)
	}
	plain := t.DialContext
	if plain == nil {
		plain = (&net.Dialer{}).DialContext
	}
	c.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if _, ok := proxies.Load(address); ok {
			return plain(ctx, network, address)
		}
		return dialer.DialContext(ctx, network, address)
	}
	return c
}

// publicBehind returns an error unless a proxy may be asked for the host of r.
func publicBehind(r *http.Request, lookup Lookup) error {
	host := r.URL.Hostname()
	if Private(host) {
		return errPrivate
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	switch addrs, err := lookup(r.Context(), "ip", host); {
	case r.Context().Err() != nil:
		return context.Cause(r.Context())
	case err != nil || len(addrs) == 0:
		return errUnseen
	case !allPublic(addrs):
		return errPrivate
	}
	return nil
}

// Private reports whether a host is one of our own network by the look of it. So is a
// number in another form than that of an address, such as 0x7f.1, 2130706433 or 127.1: what
// it means depends on who reads it, and nobody writes an API's host like that.
func Private(host string) bool {
	host = strings.TrimRight(strings.ToLower(host), ".")
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	if err == nil {
		return !public(a)
	}
	return endsInNumber(host)
}

// endsInNumber reports whether a name would be read as an IPv4 address: its last label is
// decimal, octal or hexadecimal (WHATWG URL, "ends in a number"; inet_aton of POSIX). No
// domain has such a label.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if digits, hex := strings.CutPrefix(last, "0x"); hex {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

func allPublic(addrs []netip.Addr) bool {
	return !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !public(a) })
}

// notPublic are ranges that netip does not name: shared address space (RFC 6598),
// this network, documentation, the host of a virtual machine at Azure, benchmarks, reserved; NAT64 and 6to4 lead to IPv4
// addresses of any kind.
var notPublic = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "168.63.129.16/32", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "2002::/16", "fec0::/10")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
