package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"golang.org/x/oauth2"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
)

// What the examples load. The guide in docs/embedding.md shows their bodies.
const exampleFile = `
integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_client_id: 8f1c2d34-invented
        oauth_client_secret: an-invented-secret
        oauth_scopes: ''
    airtable:
        extends_blueprint: airtable:v0
    jira:
        extends_blueprint: jira:v1
        oauth_client_id: an-invented-app
        oauth_client_secret: an-invented-secret
    harbour: # an API without a blueprint
        oauth_client_id: harbour-client
        oauth_client_secret: an-invented-secret
        oauth_scopes: [berths.read]
        auth:
            auth_mode: OAUTH2
            authorization_url: https://login.harbour.example/authorize
            token_url: https://login.harbour.example/token
        requests:
            base_url: https://api.harbour.example/v2
            headers:
                Authorization: Bearer ${access_token}
`

// stop ends an example that went wrong.
func stop(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// exampleEngine returns an engine over exampleFile, and the transport behind it:
// the sandbox, which plays the providers in this process.
func exampleEngine(opts engine.Options) (*engine.Engine, http.RoundTripper) {
	cfg, diags := loader.LoadBytes(context.Background(), "integrations.yaml", []byte(exampleFile), nil)
	stop(diags.Err())
	var providers []*sandbox.Provider
	for _, integration := range cfg.Integrations {
		p, err := sandbox.New(integration, nil)
		stop(err)
		providers = append(providers, p)
	}
	opts.Transport = sandbox.NewMux(providers...).Transport()
	eng, err := engine.New(cfg, &opts)
	stop(err)
	return eng, opts.Transport
}

// exampleConsent takes a user through the whole flow.
func exampleConsent(eng *engine.Engine, transport http.RoundTripper) engine.Key {
	ctx := context.Background()
	key := engine.Key{Integration: "notion", ConnectionID: "user-42"}
	pending, err := eng.AuthCodeURL(ctx, key, "https://app.example.com/callback", nil)
	stop(err)
	callback, err := sandbox.Allow(ctx, transport, pending.URL.Reveal(), "allow")
	stop(err)
	_, err = eng.ExchangeAt(ctx, pending, callback)
	stop(err)
	return key
}

func Example() {
	ctx := context.Background()

	// A host calls loader.Load(ctx, "integrations.yaml", nil).
	cfg, diags := loader.LoadBytes(ctx, "integrations.yaml", []byte(exampleFile), nil)
	stop(diags.Err())

	// The sandbox plays Notion. Without Transport, the engine calls the real one.
	notion, err := sandbox.New(cfg.Integrations["notion"], nil)
	stop(err)
	transport := sandbox.NewMux(notion).Transport()
	eng, err := engine.New(cfg, &engine.Options{Transport: transport})
	stop(err)

	// Send the user to pending.URL, and keep pending in their session.
	key := engine.Key{Integration: "notion", ConnectionID: "user-42"}
	pending, err := eng.AuthCodeURL(ctx, key, "https://app.example.com/callback", nil)
	stop(err)

	// The user consents. The provider sends their browser to the callback.
	callback, err := sandbox.Allow(ctx, transport, pending.URL.Reveal(), "allow")
	stop(err)

	// In the handler of the callback, its URL is r.URL.
	conn, err := eng.ExchangeAt(ctx, pending, callback)
	stop(err)
	fmt.Println(conn.Key, conn.Status, "in", conn.Fields["workspace_name"])

	// From now on, call the API.
	client, err := eng.Client(key)
	stop(err)
	resp, err := client.Get("/v1/users")
	stop(err)
	defer resp.Body.Close()
	var list struct {
		Results []struct{ Name string }
	}
	stop(json.NewDecoder(resp.Body).Decode(&list))
	for _, user := range list.Results {
		fmt.Println(user.Name)
	}

	// Output:
	// notion/user-42 active in Harbour Lab
	// Mira Oland
	// Jonte Vik
	// Harbour Sync
}

// A web application keeps the pending authorization in a cookie of the browser
// that began, sealed, so that no other browser can finish it.
func ExamplePending_Seal() {
	eng, transport := exampleEngine(engine.Options{})
	keys, err := seal.ParseKeys(seal.GenerateKey()) // one key set for all processes: seal.LoadFile
	stop(err)

	connect := func(w http.ResponseWriter, r *http.Request) {
		key := engine.Key{Integration: "notion", ConnectionID: "user-42"} // of the signed-in user
		pending, err := eng.AuthCodeURL(r.Context(), key, "https://app.example.com/callback", nil)
		stop(err)
		sealed, err := pending.Seal(keys)
		stop(err)
		http.SetCookie(w, &http.Cookie{Name: "pending", Value: sealed, Path: "/callback",
			HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode, MaxAge: 900})
		http.Redirect(w, r, pending.URL.Reveal(), http.StatusFound)
	}
	callback := func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("pending")
		if err != nil {
			http.Error(w, "start again", http.StatusBadRequest)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "pending", Path: "/callback", MaxAge: -1}) // it counts once
		pending, err := engine.OpenPending(cookie.Value, keys)
		if err == nil {
			_, err = eng.ExchangeAt(r.Context(), pending, r.URL)
		}
		switch {
		case errors.Is(err, engine.ErrDenied):
			fmt.Fprint(w, "you said no")
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadGateway) // safe to show: it holds no secret
		default:
			fmt.Fprint(w, "connected")
		}
	}

	// The browser:
	started := httptest.NewRecorder()
	connect(started, httptest.NewRequest("GET", "https://app.example.com/connect", nil))
	back, err := sandbox.Allow(context.Background(), transport, started.Header().Get("Location"), "allow")
	stop(err)
	returns := httptest.NewRequest("GET", back.String(), nil)
	returns.AddCookie(started.Result().Cookies()[0])
	finished := httptest.NewRecorder()
	callback(finished, returns)
	fmt.Println(finished.Body)

	// Output:
	// connected
}

// Credentials that the host has already, such as a key that the user pasted into
// a form, need no consent.
func ExampleEngine_Connect() {
	ctx := context.Background()
	eng, _ := exampleEngine(engine.Options{})

	key := engine.Key{Integration: "airtable", ConnectionID: "user-42"}
	given := engine.Credentials{APIKey: schema.NewSecret("patReedBank000001.invented")}
	_, err := eng.Connect(ctx, key, given, &engine.ConnectOptions{Verify: true}) // stores nothing that does not work
	stop(err)

	client, err := eng.Client(key)
	stop(err)
	resp, err := client.Get("/v0/meta/whoami")
	stop(err)
	defer resp.Body.Close()
	fmt.Println(resp.Status)

	// Output:
	// 200 OK
}

// Describe says what to ask a user for, as data for a form.
func ExampleEngine_Describe() {
	eng, _ := exampleEngine(engine.Options{})

	for _, name := range []string{"notion", "airtable"} {
		d, err := eng.Describe(name)
		stop(err)
		fmt.Printf("%s: consent at the provider: %t\n", d.DisplayName, d.Consent)
		for _, field := range d.Fields {
			fmt.Printf("  %s (credential: %t, secret: %t)\n", field.Title, field.Credential, field.Secret)
		}
	}

	// Output:
	// Notion: consent at the provider: true
	// Airtable: consent at the provider: false
	//   Personal access token (credential: true, secret: true)
}

// A grant may open several sites, and calls name one: it is the user's to choose.
func ExampleEngine_Choices() {
	ctx := context.Background()
	eng, transport := exampleEngine(engine.Options{})
	key := engine.Key{Integration: "jira", ConnectionID: "user-42"}
	pending, err := eng.AuthCodeURL(ctx, key, "https://app.example.com/callback", nil)
	stop(err)
	callback, err := sandbox.Allow(ctx, transport, pending.URL.Reveal(), "allow")
	stop(err)
	conn, err := eng.ExchangeAt(ctx, pending, callback)
	stop(err)

	open, err := eng.OpenFields(conn)
	stop(err)
	choices, err := eng.Choices(ctx, key, open[0].Name)
	stop(err)
	for _, c := range choices {
		fmt.Println(open[0].Title, c.Title)
	}
	conn, err = eng.SetFields(ctx, key, map[string]string{open[0].Name: choices[1].Value})
	stop(err)
	fmt.Println(conn.Fields["cloud_id"])

	// Output:
	// Site https://quayside.atlassian.net
	// Site https://slipway.atlassian.net
	// 7d0c1f6e-9b1a-4a53-8a57-2f3f0f1f5b10
}

// An answer of the API is never an error of the client. CheckResponse makes it
// one, by what the blueprint says about the API's errors.
func ExampleCheckResponse() {
	eng, transport := exampleEngine(engine.Options{})
	client, err := eng.Client(exampleConsent(eng, transport))
	stop(err)

	resp, err := client.Get("/v1/pages/of-somebody-else")
	stop(err) // the network, the connection, a context that ended
	defer resp.Body.Close()

	err = engine.CheckResponse(resp)
	switch {
	case errors.Is(err, engine.ErrReauthorize):
		fmt.Println("ask the user to connect again")
	case errors.Is(err, engine.ErrRateLimited):
		fmt.Println("try later")
	case err != nil:
		fmt.Println(err)
	}
	var e *engine.Error
	if errors.As(err, &e) {
		fmt.Println("kind:", e.Kind)
		fmt.Println("code:", e.Code)
		fmt.Println("hint:", e.Hint)
	}

	// Output:
	// call notion/user-42: not_found: the provider answered with status 404, code object_not_found, request sandbox-1
	// kind: not_found
	// code: object_not_found
	// hint: The page may be there and not be shared with the app. The user can share it in Notion.
}

// Kinds answer what the caller can do. Here the user has taken the grant back.
func ExampleErrorKind() {
	ctx := context.Background()
	cfg, diags := loader.LoadBytes(ctx, "integrations.yaml", []byte(exampleFile), nil)
	stop(diags.Err())
	notion, err := sandbox.New(cfg.Integrations["notion"], nil)
	stop(err)
	transport := sandbox.NewMux(notion).Transport()
	eng, err := engine.New(cfg, &engine.Options{Transport: transport})
	stop(err)
	key := exampleConsent(eng, transport)

	stop(notion.Fault(sandbox.FaultRevoked, 1))
	client, err := eng.Client(key)
	stop(err)
	resp, err := client.Get("/v1/users")
	if err == nil {
		defer resp.Body.Close()
		err = engine.CheckResponse(resp)
	}
	if engine.ErrorKind(err) == engine.KindReauthorize {
		conn, err := eng.Connection(ctx, key)
		stop(err)
		fmt.Println(conn.Status)
	}

	// Output:
	// needs_reauthorization
}

// Observe is told of everything that the engine does, for traces and metrics. No
// event holds a secret.
func ExampleOptions_observe() {
	eng, transport := exampleEngine(engine.Options{
		Observe: func(_ context.Context, ev engine.Event) {
			switch ev.Kind {
			case engine.EventAttempt, engine.EventCall:
				fmt.Printf("%s: %s %s: %d\n", ev.Kind, ev.Method, ev.URL, ev.Status)
			default:
				fmt.Printf("%s: %s\n", ev.Kind, ev.Reason)
			}
		},
	})
	client, err := eng.Client(exampleConsent(eng, transport))
	stop(err)
	resp, err := client.Get("/v1/users")
	stop(err)
	resp.Body.Close()

	// Output:
	// authorize: sending the user to consent, with PKCE S256
	// exchange: the code was exchanged for a token without a stated end
	// attempt: GET https://api.notion.com/v1/users: 200
	// call: GET https://api.notion.com/v1/users: 200
}

// auditedStore writes down who connected. A store of a host's own has all methods
// of engine.ConnectionStore; store/storetest says what they promise.
type auditedStore struct{ engine.ConnectionStore }

func (s auditedStore) Put(ctx context.Context, c *engine.Connection) error {
	fmt.Println("connected:", c.Key)
	return s.ConnectionStore.Put(ctx, c)
}

func ExampleOptions_connections() {
	eng, transport := exampleEngine(engine.Options{
		Connections: auditedStore{&engine.MemoryStore{}},
	})
	exampleConsent(eng, transport)

	page, err := eng.Connections(context.Background(), engine.Query{Integration: "notion"})
	stop(err)
	fmt.Println("stored:", len(page.Connections))

	// Output:
	// connected: notion/user-42
	// stored: 1
}

// Paginate yields the items of a list, page after page, in the way that the
// blueprint declares. They come as JSON.
func ExampleEngine_Paginate() {
	eng, transport := exampleEngine(engine.Options{})
	key := exampleConsent(eng, transport)

	for item, err := range eng.Paginate(context.Background(), key, "/v1/users", nil) {
		stop(err)
		var user struct{ Name string }
		stop(json.Unmarshal(item, &user))
		fmt.Println(user.Name)
	}

	// Output:
	// Mira Oland
	// Jonte Vik
	// Harbour Sync
}

// A TokenSource is for code that must set the header itself, such as a gRPC
// client. Most hosts want Client.
func ExampleEngine_TokenSource() {
	ctx := context.Background()
	eng, transport := exampleEngine(engine.Options{})
	key := exampleConsent(eng, transport)

	token, err := eng.TokenSource(key).Token(ctx) // refreshed first, if it is about to end
	stop(err)
	fmt.Println(token.TokenType, token.AccessToken)
	fmt.Println(len(token.AccessToken.Reveal()) > 0)

	// Output:
	// bearer [REDACTED]
	// true
}

// A host that drives the flow itself, with golang.org/x/oauth2, takes the
// configuration from here and hands the token over at the end.
func ExampleEngine_OAuth2Config() {
	eng, transport := exampleEngine(engine.Options{})
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: transport})

	config, err := eng.OAuth2Config("harbour", "https://app.example.com/callback")
	stop(err)
	verifier := oauth2.GenerateVerifier()
	authURL := config.AuthCodeURL("a-random-state", oauth2.S256ChallengeOption(verifier))
	callback, err := sandbox.Allow(ctx, transport, authURL, "allow")
	stop(err)
	token, err := config.Exchange(ctx, callback.Query().Get("code"), oauth2.VerifierOption(verifier))
	stop(err)

	key := engine.Key{Integration: "harbour", ConnectionID: "user-42"}
	conn, err := eng.Connect(ctx, key, engine.Credentials{Token: engine.Token{
		AccessToken:  schema.NewSecret(token.AccessToken),
		RefreshToken: schema.NewSecret(token.RefreshToken),
		TokenType:    token.TokenType,
		ExpiresAt:    token.Expiry,
	}}, nil)
	stop(err)
	fmt.Println(conn.Key, conn.Status)

	// Output:
	// harbour/user-42 active
}
