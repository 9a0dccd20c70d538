package bench_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

const invented = "../../../testdata/blueprints"

// quirks are the ways in which real providers depart from the specifications, each
// with a blueprint that says so as data, and with what has then to be seen. The
// first word of a fact is where to look: authorize, exchange and refresh are what
// was sent there, api the call, connection what is kept. After it, name=value,
// name alone for any value, !name for none.
var quirks = []struct {
	name  string // as docs/conformance.md has it
	ref   string
	facts []string
}{
	// Patterns that need hand-written code elsewhere.
	{"client_key in place of client_id", "quirk-tiktok:v0", []string{"authorize client_key=bench+client/1", "exchange client_key=bench+client/1", "exchange !client_id", "refresh client_key", "refresh !client_id", "exchange client_secret"}},
	{"fields renamed and left out, answer under data", "quirk-tiktok-ads:v0", []string{"exchange app_id", "exchange secret", "exchange auth_code", "exchange !code", "exchange !redirect_uri", "exchange !grant_type", "exchange @type=application/json", "api @Access-Token", "connection user=7001"}},
	{"camelCase answer, 201, a date", "quirk-sentry:v0", []string{"exchange @type=application/json", "connection @ends=3600", "exchange !redirect_uri"}},
	{"success by a code in the body", "quirk-coros:v0", []string{"connection @ends=2592000", "api token"}},
	{"an end in epoch seconds; no secret at the refresh", "quirk-clover:v0", []string{"connection @ends=3600", "exchange client_secret", "refresh !client_secret", "refresh client_id", "refresh @path=/oauth/v2/refresh", "api @path=/v3/merchants/M1/orders"}},
	{"a lifetime in milliseconds", "quirk-fiserv:v0", []string{"connection @ends=900"}},
	{"a lifetime in the documentation alone", "quirk-jobber:v0", []string{"connection @ends=3600"}},
	{"a public client", "quirk-mercury:v0", []string{"exchange client_id", "exchange !client_secret", "exchange !@Authorization", "exchange code_verifier", "refresh client_id", "refresh !client_secret"}},
	{"the secret as a bearer token", "quirk-stripe:v0", []string{"exchange @Authorization=Bearer bench secret:/+%&=1", "exchange !client_secret", "connection account=acct_1", "api @Stripe-Account=acct_1"}},
	{"the secret as the user name of a Basic header", "quirk-stripe-app:v0", []string{"exchange @Authorization=Basic YmVuY2ggc2VjcmV0Oi8rJSY9MTo=", "exchange !client_secret", "exchange !client_id", "refresh @Authorization=Basic YmVuY2ggc2VjcmV0Oi8rJSY9MTo="}},
	{"a token request that is signed", "quirk-shopline:v0", []string{"exchange @Sign", "exchange @Timestamp", "exchange @Appkey", "exchange @type=application/json", "exchange !grant_type", "exchange !@Authorization", "refresh @Sign", "refresh @path=/admin/oauth/token/refresh", "connection handle=open001"}},
	{"values that are made for each request", "quirk-absorb:v0", []string{"authorize nonce", "exchange nonce", "refresh nonce", "api @X-Request-Id", "api @X-Requested-At"}},
	{"the parameters in the query of a POST", "quirk-gong:v0", []string{"exchange @method=POST", "exchange code", "exchange !@body", "refresh !@body", "exchange @Authorization", "refresh @method=POST", "refresh refresh_token", "refresh @Authorization", "api @host=company-17.api.quirk-gong.example"}},
	{"the exchange by GET", "quirk-by-get:v0", []string{"exchange @method=GET", "exchange code", "exchange client_secret", "refresh @method=GET"}},
	{"a short-lived token for a long-lived one, refreshed by itself", "relay:v0", []string{"exchange @method=GET", "refresh @method=GET", "refresh !refresh_token"}},
	{"a login after consent", "relay:v1", []string{"exchange @path=/login", "exchange @X-Ticket", "connection shard=s7", "api @X-Session", "refresh @path=/login"}},
	{"names that hold dots, and flags that are texts", "dotted:v0", []string{"api @Authorization"}},
	{"two tokens in one answer", "quirk-two-tokens:v0", []string{"authorize scope=chat.write,users.read", "connection @secondary=user", "authorize !code_challenge"}},

	// Quirks of single providers.
	{"Slack: ok false in a 200, commas, bot and user", "slack:v0", []string{"authorize !code_challenge", "exchange @Authorization", "exchange !client_secret"}},
	{"GitHub: a form for an answer unless JSON is asked for", "github:v0", []string{"exchange @Accept=application/json"}},
	{"Notion: Basic and JSON, owner, no scope, a version header", "notion:v0", []string{"authorize owner=user", "authorize !scope", "exchange @Authorization", "exchange @type=application/json", "api @Notion-Version"}},
	{"Salesforce: the answer decides the base URL", "quirk-salesforce:v0", []string{"connection instance_url=https://harbour.my.quirk-salesforce.example", "api @host=harbour.my.quirk-salesforce.example", "exchange token_type_hint=access_token", "connection @ends=3600"}},
	{"Google: offline and consent", "quirk-google:v0", []string{"authorize access_type=offline", "authorize prompt=consent"}},
	{"Microsoft: the tenant in the URL, offline_access", "quirk-microsoft:v0", []string{"authorize @path=/harbour.example/oauth2/v2.0/authorize", "exchange @path=/harbour.example/oauth2/v2.0/token", "authorize scope=offline_access User.Read", "authorize code_challenge"}},
	{"QuickBooks: realmId on the callback alone", "quirk-quickbooks:v0", []string{"connection realm_id=9130", "api @path=/v3/company/9130/companyinfo"}},
	{"Shopify: a host for each shop, a header of its own, expiring tokens", "quirk-shopify:v0", []string{"authorize @host=harbour.quirk-shopify.example", "exchange expiring=1", "api @X-Shopify-Access-Token", "api !@Authorization"}},
	{"Zoho: regions, accounts-server, api_domain, a prefix", "quirk-zoho:v0", []string{"connection accounts_server=https://accounts.quirk-zoho.example", "connection api_domain=https://www.quirk-zohoapis.example", "api @host=www.quirk-zohoapis.example", "api @Authorization"}},
	{"LinkedIn: refuses a code_verifier", "quirk-linkedin:v0", []string{"authorize !code_challenge", "exchange !code_verifier"}},
	{"X: PKCE, Basic, offline.access", "quirk-x:v0", []string{"authorize code_challenge_method=S256", "exchange @Authorization", "exchange !client_secret"}},
	{"Reddit: duration, Basic, a user agent", "quirk-reddit:v0", []string{"authorize duration=permanent", "exchange @Authorization", "exchange @User-Agent=web:nango-lite:v1", "api @User-Agent=web:nango-lite:v1"}},
	{"Zendesk: an end only where a lifetime is asked for", "quirk-zendesk:v0", []string{"exchange expires_in=172800", "refresh expires_in=172800", "connection @ends=172800"}},
	{"PayPal: expires_in is text", "quirk-paypal:v0", []string{"connection @ends=28800"}},
	{"Marketo: an expired token is a 200 with a code", "quirk-marketo:v0", []string{"exchange @method=GET", "exchange grant_type=client_credentials", "refresh grant_type=client_credentials"}},
	{"WeChat: an expired token is a 200 with a number", "quirk-wechat:v0", []string{"exchange appid", "exchange grant_type=client_credential", "refresh appid", "api access_token"}},
	{"Atlassian: audience and consent", "jira:v0", []string{"authorize audience", "authorize prompt=consent"}},
	{"Atlassian: the cloud id is looked up and part of each URL", "jira:v1", []string{"look-up @path=/oauth/token/accessible-resources", "look-up @Authorization", "connection cloud_id=1324a887-45db-4bf4-8e99-ef0ff456d421", "api @path=/ex/jira/1324a887-45db-4bf4-8e99-ef0ff456d421/rest/api/3/myself"}},
	{"HubSpot: the account is looked up", "quirk-hubspot:v0", []string{"look-up @path=/account-info/v3/details", "look-up !portalId", "connection portal_id=2401990", "api portalId=2401990"}},
	{"Xero: the tenant is looked up and a header", "xero:v2", []string{"look-up @path=/connections", "look-up !@Xero-Tenant-Id", "connection tenant_id=70784a63-d24b-46a9-a4db-0e70a274b056", "api @Xero-Tenant-Id=70784a63-d24b-46a9-a4db-0e70a274b056"}},
	{"Outreach: a refresh token that dies of idleness", "outreach:v0", []string{"refresh refresh_token"}},
	{"Amazon SP: the code under another name", "quirk-amazon-sp:v0", []string{"callback spapi_oauth_code", "callback !code", "callback state", "exchange code", "connection seller=A1B2C3", "api @X-Amz-Access-Token"}},
	{"Emarsys: WSSE", "quirk-emarsys:v0", []string{"api @X-Wsse", "api !@Authorization"}},
	{"ShopBack: an API key that signs", "quirk-shopback:v0", []string{"api @Authorization", "api @Date", "api currency=SGD"}},
	{"Mandrill: the key in the body", "quirk-mandrill:v0", []string{"api key=hush", "api @type=application/json", "api !@Authorization"}},
	{"Salesforce as the catalog has it", "salesforce:v0", []string{"connection instance_url=https://harbour.my.salesforce.com", "api @host=harbour.my.salesforce.com", "connection @ends=3600"}},
	{"Amazon SP as the catalog has it", "amazon-selling-partner:v0", []string{"authorize application_id", "authorize !code_challenge", "callback spapi_oauth_code", "callback !code", "exchange code", "connection selling_partner_id=A1B2C3INVENTED", "api @X-Amz-Access-Token"}},
	{"Zendesk as the catalog has it", "zendesk:v0", []string{"exchange expires_in=172799", "refresh refresh_token_expires_in", "connection @ends=172799"}},
	{"Stripe Connect as the catalog has it", "stripe:v0", []string{"connection account_id=acct_1invented", "exchange client_secret"}},
	{"Emarsys as the catalog has it", "emarsys:v0", []string{"api @X-Wsse", "api !@Authorization"}},
	{"Tableau: a login with an object in an object", "tableau:v0", []string{"exchange credentials", "exchange @type=application/json", "connection site_id=9a8b7c6d-5e4f-4a2b-8c0d-9e8f7a6b5c4d", "api @X-Tableau-Auth"}},
	{"LinkedIn as the catalog has it", "linkedin:v0", []string{"authorize !code_challenge", "exchange !code_verifier"}},
	{"QuickBooks as the catalog has it", "quickbooks:v0", []string{"connection realm_id=9341453474484455", "exchange @Authorization"}},
	{"Shopify as the catalog has it", "shopify:v0", []string{"authorize @host=tide-works.myshopify.com", "exchange expiring=1", "api @X-Shopify-Access-Token", "api !@Authorization"}},
	{"Reddit as the catalog has it", "reddit:v0", []string{"authorize duration=permanent", "exchange @Authorization", "exchange @User-Agent", "api @User-Agent"}},
	{"TikTok as the catalog has it", "tiktok-personal:v0", []string{"authorize client_key=bench+client/1", "exchange client_key=bench+client/1", "exchange !client_id", "refresh client_key", "exchange client_secret"}},
	{"TikTok for Business as the catalog has it", "tiktok-ads:v0", []string{"authorize app_id=bench+client/1", "exchange app_id", "exchange secret", "exchange auth_code", "exchange !code", "exchange !redirect_uri", "exchange !grant_type", "exchange @type=application/json", "api @Access-Token"}},
	{"Instagram: a short-lived token for a long-lived one, which renews itself", "instagram:v0", []string{"exchange @method=GET", "refresh @method=GET", "refresh !refresh_token", "refresh grant_type=ig_refresh_token"}},
	{"Facebook: the access token is exchanged again", "facebook:v0", []string{"refresh @method=GET", "refresh !refresh_token", "refresh grant_type=fb_exchange_token"}},
	{"Google as the catalog has it", "google-drive:v0", []string{"authorize access_type=offline", "authorize prompt=consent"}},
	{"Microsoft as the catalog has it", "outlook:v0", []string{"authorize @path=/common/oauth2/v2.0/authorize", "authorize code_challenge"}},
	{"Ghost: a secret in hexadecimal", "ghost-admin:v0", []string{"api @Authorization"}},
	{"Plaid: keys and token in each body", "plaid:v0", []string{"api client_id", "api secret", "api access_token", "api !@Authorization"}},
	{"BambooHR: a parameter in the query of the token URL", "bamboohr:v0", []string{"exchange request=token", "exchange @type=application/json", "refresh request=token"}},
	{"Confluence: the cloud id is looked up", "confluence:v0", []string{"authorize audience", "api @path=/ex/confluence/1324a887-45db-4bf4-8e99-ef0ff456d421/wiki/api/v2/spaces"}},
	{"Xero: rotation, Basic", "xero:v0", []string{"exchange @Authorization", "refresh refresh_token"}},
}

// Every quirk is played, engine against sandbox, from its blueprint alone: consent,
// exchange, a call, a token that has ended, another call.
func TestQuirks(t *testing.T) {
	catalog := loader.NewCatalog(blueprints.FS, loader.Dir(invented))
	for _, q := range quirks {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			entry, err := bench.Resolve(t.Context(), catalog, q.ref)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				seen := play(t, entry.Played)
				for _, fact := range q.facts {
					if got, ok := seen.holds(fact); !ok {
						t.Errorf("%s: got %q", fact, got)
					}
				}
			})
			if !strings.HasPrefix(q.ref, "quirk-") {
				return // TestCatalog or another test takes it through all steps
			}
			for _, step := range bench.Steps() {
				synctest.Test(t, func(t *testing.T) {
					if r := entry.Run(t.Context(), bench.Options{Step: step}).Step(step); r.Status == bench.Failed {
						t.Errorf("%s: %s", step, r.Detail)
					}
				})
			}
		})
	}
}

// The other invented blueprints, of every mode, go through all steps as well.
func TestInvented(t *testing.T) {
	catalog := loader.NewCatalog(blueprints.FS, loader.Dir(invented))
	for _, ref := range bench.Refs(loader.NewCatalog(loader.Dir(invented))) {
		if strings.HasPrefix(ref, "quirk-") || ref == "acme:v2" { // whose calls carry no token: lint says so
			continue
		}
		t.Run(ref, func(t *testing.T) {
			t.Parallel()
			entry, err := bench.Resolve(t.Context(), catalog, ref)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range bench.Steps() {
				synctest.Test(t, func(t *testing.T) {
					if r := entry.Run(t.Context(), bench.Options{Step: step}).Step(step); r.Status == bench.Failed {
						t.Errorf("%s: %s", step, r.Detail)
					}
				})
			}
		})
	}
}

// No blueprint of a quirk is forgotten.
func TestEveryQuirkIsPlayed(t *testing.T) {
	files, err := filepath.Glob(invented + "/quirk-*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are none", err)
	}
	for _, f := range files {
		ref := strings.TrimSuffix(filepath.Base(f), ".yaml") + ":v0"
		if !slices.ContainsFunc(quirks, func(q struct {
			name  string
			ref   string
			facts []string
		}) bool {
			return q.ref == ref
		}) {
			t.Errorf("%s is played nowhere", ref)
		}
	}
}

// A sighting is what was seen of a flow, by place: parameters by their names,
// everything else with an @ before.
type sighting map[string]url.Values

func (s sighting) holds(fact string) (got string, ok bool) {
	place, what, _ := strings.Cut(fact, " ")
	name, want, exact := strings.Cut(what, "=")
	if none, not := strings.CutPrefix(name, "!"); not {
		return s[place].Get(none), !s[place].Has(none)
	}
	got = s[place].Get(name)
	return got, s[place].Has(name) && (!exact || got == want)
}

// request adds what is in a request.
func (s sighting) request(place string, r *http.Request, body []byte) {
	v := r.URL.Query()
	v.Set("@method", r.Method)
	v.Set("@host", r.URL.Host)
	v.Set("@path", r.URL.Path)
	for name := range r.Header {
		v.Set("@"+name, r.Header.Get(name))
	}
	if len(body) > 0 {
		v.Set("@body", string(body))
	}
	if r.Header.Get("Content-Type") != "" {
		v.Set("@type", r.Header.Get("Content-Type"))
	}
	if bytes.HasPrefix(body, []byte("{")) {
		var doc map[string]any
		_ = json.Unmarshal(body, &doc)
		for name, value := range doc {
			v.Set(name, fmt.Sprint(value))
		}
	} else {
		form, _ := url.ParseQuery(string(body))
		for name := range form {
			v.Set(name, form.Get(name))
		}
	}
	s[place] = v
}

// A tap looks at what goes by.
type tap struct {
	next http.RoundTripper
	mu   sync.Mutex
	to   sighting
	as   string // what the next token request is
	ends func(*http.Request) bool

	looks func(*http.Request) bool
}

func (p *tap) PublicOnly() http.RoundTripper { return p }

func (p *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	p.mu.Lock()
	if p.as == "exchange" && p.looks(r) {
		p.to.request("look-up", r, body)
	} else if p.ends(r) {
		p.to.request(p.as, r, body)
	} else {
		p.to.request("api", r, body)
	}
	p.mu.Unlock()
	return p.next.RoundTrip(r)
}

// example is what the user types for a credential.
func example(in *schema.Integration, name string) schema.Secret {
	return schema.NewSecret(cmp.Or(in.Credentials[name].Example, "hush"))
}

// play connects, calls, lets the token end, and calls again.
func play(t *testing.T, in *schema.Integration) sighting {
	t.Helper()
	provider, err := sandbox.New(in, &sandbox.Options{NoRateLimit: true})
	if err != nil {
		t.Fatal(err)
	}
	direct := sandbox.NewMux(provider).Transport()
	seen := sighting{}
	wire := &tap{next: direct, to: seen, as: "exchange", ends: func(r *http.Request) bool {
		return !strings.Contains(r.URL.Path, in.Requests.Verify.Path)
	}, looks: func(r *http.Request) bool {
		for _, f := range in.Connection {
			if f.Request != nil && strings.HasSuffix(f.Request.URL+f.Request.Path, r.URL.Path) {
				return true
			}
		}
		return false
	}}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{in.Name: in}}, &engine.Options{Transport: wire})
	if err != nil {
		t.Fatal(err)
	}
	k := engine.Key{Integration: in.Name, ConnectionID: "user-1"}
	fields := map[string]string{}
	for name, f := range in.Connection {
		if f.From == schema.FromUser {
			fields[name] = f.Example
			if f.Example == "" {
				fields[name] = f.Default
			}
		}
	}
	var c *engine.Connection
	if in.Auth.AuthMode == schema.OAuth2 {
		p, err := e.AuthCodeURL(t.Context(), k, "http://localhost:3003/oauth/callback", &engine.AuthCodeOptions{Fields: fields})
		if err != nil {
			t.Fatal(err)
		}
		authorize, _ := http.NewRequest(http.MethodGet, p.URL.Reveal(), nil)
		seen.request("authorize", authorize, nil)
		back, err := sandbox.Allow(t.Context(), direct, p.URL.Reveal(), "allow")
		if err != nil {
			t.Fatal(err)
		}
		seen["callback"] = back.Query()
		if c, err = e.ExchangeAt(t.Context(), p, back); err != nil {
			t.Fatal(err)
		}
	} else {
		given := engine.Credentials{APIKey: example(in, "api_key"), Username: example(in, "username"), Password: example(in, "password"), Fields: map[string]schema.Secret{}}
		for _, name := range in.Auth.OwnCredentials() {
			given.Fields[name] = example(in, name)
		}
		for name := range in.Credentials {
			given.Fields[name] = example(in, name)
		}
		if c, err = e.Connect(t.Context(), k, given, &engine.ConnectOptions{Fields: fields}); err != nil {
			t.Fatal(err)
		}
	}
	if open, _ := e.OpenFields(c); len(open) > 0 {
		choices, err := e.Choices(t.Context(), k, open[0].Name)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = e.SetFields(t.Context(), k, map[string]string{open[0].Name: choices[0].Value}); err != nil {
			t.Fatal(err)
		}
	}
	seen["connection"] = url.Values{}
	for name, v := range c.Fields {
		seen["connection"].Set(name, v)
	}
	for name := range c.Credentials.Token.Secondary {
		seen["connection"].Set("@secondary", name)
	}
	if end := c.Credentials.Token.ExpiresAt; !end.IsZero() {
		seen["connection"].Set("@ends", fmt.Sprint(int(time.Until(end).Round(time.Second).Seconds())))
	}
	client, err := e.Client(k)
	if err != nil {
		t.Fatal(err)
	}
	wire.as = "refresh"
	for n := range 2 {
		if n == 1 && (!c.Credentials.Token.RefreshToken.Empty() || in.Auth.Issues()) {
			if err := provider.Fault(sandbox.FaultExpired, 1); err != nil {
				t.Fatal(err)
			}
		}
		if r := in.Auth.RefreshRequest; n == 1 && r != nil { // a token that has ended cannot be exchanged
			if _, err := e.Refresh(t.Context(), k); err != nil {
				t.Fatal(err)
			}
		}
		r, _ := http.NewRequest(cmp.Or(in.Requests.Verify.Method, http.MethodGet), in.Requests.Verify.Path, nil)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := engine.CheckResponse(resp); err != nil {
			t.Fatalf("call %d: %v", n+1, err)
		}
		_ = resp.Body.Close()
	}
	return seen
}
