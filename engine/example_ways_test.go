package engine_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
)

// exampleOf is exampleEngine for another file, by a clock that an example moves on.
func exampleOf(file string, now *time.Time) (*engine.Engine, http.RoundTripper) {
	cfg, diags := loader.LoadBytes(context.Background(), "integrations.yaml", []byte(file), nil)
	stop(diags.Err())
	clock := func() time.Time { return *now }
	var providers []*sandbox.Provider
	for _, integration := range cfg.Integrations {
		p, err := sandbox.New(integration, &sandbox.Options{Now: clock})
		stop(err)
		providers = append(providers, p)
	}
	transport := sandbox.NewMux(providers...).Transport()
	eng, err := engine.New(cfg, &engine.Options{Transport: transport, Now: clock})
	stop(err)
	return eng, transport
}

// television has users who consent on their telephone.
const television = `
integrations:
    television:
        oauth_client_id: harbour-television
        oauth_scopes: [watch]
        auth:
            auth_mode: OAUTH2
            authorization_method: none
            device_authorization_url: https://login.harbour.example/device
            token_url: https://login.harbour.example/token
        requests:
            base_url: https://tv.harbour.example
            headers: {Authorization: "Bearer ${access_token}"}
`

func ExampleEngine_PollDevice() {
	ctx := context.Background()
	now := time.Now()
	eng, transport := exampleOf(television, &now)

	key := engine.Key{Integration: "television", ConnectionID: "living-room"}
	device, err := eng.DeviceAuth(ctx, key, nil)
	stop(err)
	fmt.Println("open", device.VerificationURI, "and enter the code")

	// Whenever the page that shows the code asks:
	_, err = eng.PollDevice(ctx, device)
	var pending *engine.StillPendingError
	if errors.As(err, &pending) {
		fmt.Println("ask again in", pending.RetryAfter)
	}

	// The user enters the code on their telephone, and allows it.
	stop(sandbox.AllowDevice(ctx, transport, device.VerificationURI, device.UserCode, "allow"))
	now = now.Add(pending.RetryAfter)

	conn, err := eng.PollDevice(ctx, device)
	stop(err)
	fmt.Println(conn.Key, conn.Status)

	// Output:
	// open https://login.harbour.example/device/verify and enter the code
	// ask again in 5s
	// television/living-room active
}

// anyMCP connects to whichever MCP server a user names.
const anyMCP = `
integrations:
    mcp:
        extends_blueprint: mcp-generic:v0
        auth: {client_name: Harbour Lab}
`

func ExampleEngine_AuthCodeURL_discovery() {
	ctx := context.Background()
	now := time.Now()
	eng, transport := exampleOf(anyMCP, &now)

	// The user names a server, and nobody has registered anything.
	key := engine.Key{Integration: "mcp", ConnectionID: "user-42"}
	opts := &engine.AuthCodeOptions{Fields: map[string]string{"server_url": "https://mcp.lamps.example/mcp"}}
	issuer, err := eng.Issuer("mcp", opts.Fields) // each has a redirect URI of its own
	stop(err)
	pending, err := eng.AuthCodeURL(ctx, key, "https://app.example.com/callback/mcp/"+issuer.ID, opts)
	stop(err)
	fmt.Println("tokens come from", pending.Registration.Issuer)

	callback, err := sandbox.Allow(ctx, transport, pending.URL.Reveal(), "allow")
	stop(err)
	_, err = eng.ExchangeAt(ctx, pending, callback)
	stop(err)

	client, err := eng.Client(key)
	stop(err)
	resp, err := client.Post("", "application/json", strings.NewReader(`{"jsonrpc": "2.0", "id": 1, "method": "ping"}`))
	stop(err)
	defer resp.Body.Close()
	fmt.Println(resp.Request.URL, resp.Status)

	// Output:
	// tokens come from https://mcp.lamps.example/sandbox-as
	// https://mcp.lamps.example/mcp 200 OK
}

// vault wants a client certificate.
const vault = `
integrations:
    vault:
        client_certificate: ${VAULT_CERTIFICATE}
        client_certificate_key: ${VAULT_CERTIFICATE_KEY}
        auth: {auth_mode: NONE, client_certificate: required}
        requests: {base_url: https://vault.harbour.example}
`

// A telling is a transport of a host's own.
type telling struct{ http.RoundTripper }

// WithCertificate implements [engine.CertificateTransport].
func (t telling) WithCertificate(cert tls.Certificate) http.RoundTripper {
	fmt.Println("connections of their own, with the certificate of", cert.Leaf.Subject.CommonName)
	base := t.RoundTripper.(engine.CertificateTransport) // or an *http.Transport, cloned, with TLSClientConfig.Certificates
	return telling{base.WithCertificate(cert)}
}

func ExampleCertificateTransport() {
	ctx := context.Background()
	environment := map[string]string{"VAULT_CERTIFICATE": sandbox.ClientCertificate, "VAULT_CERTIFICATE_KEY": sandbox.ClientCertificateKey}
	cfg, diags := loader.LoadBytes(ctx, "integrations.yaml", []byte(vault), &loader.Options{
		LookupEnv: func(name string) (string, bool) { v, ok := environment[name]; return v, ok },
	})
	stop(diags.Err())
	provider, err := sandbox.New(cfg.Integrations["vault"], nil) // which refuses who shows none
	stop(err)
	eng, err := engine.New(cfg, &engine.Options{Transport: telling{sandbox.NewMux(provider).Transport()}})
	stop(err)

	key := engine.Key{Integration: "vault", ConnectionID: "ours"}
	_, err = eng.Connect(ctx, key, engine.Credentials{}, nil)
	stop(err)
	client, err := eng.Client(key)
	stop(err)
	resp, err := client.Get("/doors")
	stop(err)
	defer resp.Body.Close()
	fmt.Println(resp.Status)

	// Output:
	// connections of their own, with the certificate of nango-lite sandbox
	// 200 OK
}
