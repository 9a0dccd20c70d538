package cli

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

const sitesConfig = `integrations:
    quay:
        auth: {auth_mode: API_KEY}
        connection:
            note: {from: user, title: Note, optional: true}
            site:
                from: request
                request: {url: https://api.quay.example/sites}
                list: {value: id, title: name}
                title: Site
        requests:
            base_url: https://api.quay.example/sites/${connection.site}
            headers: {X-Key: "${api_key}"}
            verify: {path: /me}
`

// A yard is an API with sites.
type yard struct {
	sites string
	calls []string
}

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (y *yard) PublicOnly() http.RoundTripper { return y }

func (y *yard) RoundTrip(r *http.Request) (*http.Response, error) {
	y.calls = append(y.calls, r.URL.Path)
	status, body := http.StatusOK, `{}`
	switch {
	case r.Header.Get("X-Key") != "seeded-key":
		status = http.StatusUnauthorized
	case r.URL.Path == "/sites":
		body = y.sites
	}
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func newYard(t *testing.T) (*program, *yard, string) {
	p, y := newProgram(t), &yard{sites: `[{"id":"s1","name":"Slip\u001b[31mway"},{"id":"s2","name":"Jetty"}]`}
	p.deps.Transport = y
	config := filepath.Join(t.TempDir(), "c.yaml")
	write(t, config, sitesConfig)
	return p, y, config
}

// TestChooses shows a list on a terminal, and takes a number, a title or a value.
func TestChooses(t *testing.T) {
	for said, want := range map[string]string{"2": "s2", "Jetty": "s2", " s1 ": "s1", "1": "s1"} {
		p, y, config := newYard(t)
		asked := 0
		p.deps.Ask = func(question string, secret bool) (string, error) {
			switch {
			case secret:
				return "seeded-key", nil
			case strings.HasPrefix(question, "Note"):
				return "", nil
			}
			if asked++; asked == 1 {
				return "3", nil
			}
			return said, nil
		}
		p.ok("-c", config, "connect", "quay")
		for _, line := range []string{`^Site is one of these:$`, `^  1  Slip.*way \(s1\)$`, `^  2  Jetty \(s2\)$`, `^"3" is none of them$`, `^connected quay/default to quay: site ` + want + `$`} {
			p.stderr(line)
		}
		if strings.Contains(p.err.String(), "seeded") || strings.Contains(p.err.String(), "\x1b") {
			t.Errorf("printed is %q", p.err.String())
		}
		if last := y.calls[len(y.calls)-1]; last != "/sites/"+want+"/me" {
			t.Errorf("the verify call went to %s", last)
		}
	}
}

// TestUndecided: where there is nobody to ask, the connection is stored and the error
// says how to go on.
func TestUndecided(t *testing.T) {
	p, y, config := newYard(t)
	if code := p.run("-c", config, "connect", "quay", "--set", "api_key=seeded-key"); code != 1 {
		t.Errorf("exit code %d", code)
	}
	p.stderr(`^error: quay/default is connected, and Site is still to be chosen: say which with 'nango-lite connections set quay --set site=… -c \S+': Slip.*way \(s1\), Jetty \(s2\)$`)
	p.ok("-c", config, "connections", "show", "quay")
	if !match(`^still open +site$`, p.out.String()) || !match(`^status +active$`, p.out.String()) {
		t.Errorf("shown is\n%s", &p.out)
	}
	before := len(y.calls)
	if code := p.run("-c", config, "call", "quay", "/me"); code != 1 || len(y.calls) > before {
		t.Errorf("exit code %d, called %v", code, y.calls[before:])
	}
	p.stderr(`^error: call quay/default: client: no value for \$\{connection.site\}: the field is still open[^;]*; choose with 'nango-lite connections set quay -c \S+'$`)
	if code := p.run("-c", config, "connections", "set", "quay", "--set", "site=s3"); code != 1 {
		t.Errorf("exit code %d", code)
	}
	p.stderr(`connection.site is none of the 2 that there are to choose from`)
	if code := p.run("-c", config, "connections", "set", "quay", "--set", "api_key=x"); code != 2 {
		t.Errorf("exit code %d", code)
	}
	p.in = "s2\n"
	p.ok("-c", config, "connections", "set", "quay", "--set", "site=-", "--set", "note=mine")
	p.ok("-c", config, "connections", "show", "quay", "--format", "json")
	if !match(`"site": "s2"`, p.out.String()) || !match(`"note": "mine"`, p.out.String()) || match(`"open"`, p.out.String()) || match("seeded", p.out.String()) {
		t.Errorf("shown is\n%s", &p.out)
	}
	p.ok("-c", config, "call", "quay", "/me")

	// Said beforehand, there is nothing to ask.
	p.ok("-c", config, "connect", "quay", "--connection", "two", "--set", "api_key=seeded-key", "--set", "site=s1")
	p.stderr(`^connected quay/two to quay: site s1$`)
	y.sites = `[]`
	if code := p.run("-c", config, "connect", "quay", "--connection", "three", "--set", "api_key=seeded-key"); code != 1 {
		t.Errorf("exit code %d", code)
	}
	p.stderr(`^error: connect quay/three: denied: connection.site has nothing to choose from`)
}
