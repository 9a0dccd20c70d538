package engine_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// inRole is storehouse, called in a role of the user's that the operator's key
// assumes.
func inRole() *schema.Integration {
	in := storehouse()
	in.OAuthClientID, in.OAuthClientSecret = "AKIDOPERATOR", schema.NewSecret("operator/secret")
	in.Auth.AWS.AssumeRole = &schema.AssumeRole{
		RoleARN: "${connection.role}", URL: "https://sts.${connection.region}.tower.test/", ExternalID: "tenant-7", DurationSeconds: 900,
	}
	in.Connection["role"] = schema.ConnectionField{From: schema.FromUser}
	in.Connection["who"] = schema.ConnectionField{From: schema.FromTokenResponse, Path: "AssumeRoleResult.AssumedRoleUser.Arn"}
	return in
}

var asReader = &engine.ConnectOptions{Fields: map[string]string{"region": "eu-west-1", "role": "arn:aws:iam::123456789012:role/reader"}}

func (w *oauth1World) atSTS() int {
	n := 0
	for _, r := range w.sent {
		if strings.HasPrefix(r.URL.Host, "sts.") {
			n++
		}
	}
	return n
}

// TestAssumeRole: the user names a role, calls are signed with its temporary key, and
// the next one is obtained before that has ended.
func TestAssumeRole(t *testing.T) {
	w := newOAuth1World(t, inRole())
	d, err := w.Describe("tower")
	if err != nil || len(d.Fields) != 2 || d.Fields[1].Name != "role" {
		t.Fatalf("the user is asked for %+v, %v", d, err)
	}
	c, err := w.Connect(t.Context(), towerKey, engine.Credentials{}, asReader)
	if err != nil {
		t.Fatal(err)
	}
	tok := c.Credentials.Token
	if !strings.HasPrefix(tok.AccessToken.Reveal(), "ASIA") || tok.TokenSecret.Empty() || tok.Secondary["session"].AccessToken.Empty() || tok.ExpiresAt.Sub(w.now) != 15*time.Minute {
		t.Errorf("the token ends in %s", tok.ExpiresAt.Sub(w.now))
	}
	if c.Fields["who"] != "arn:aws:sts::123456789012:assumed-role/reader/nango-lite" {
		t.Errorf("assumed %q", c.Fields["who"])
	}
	client, _ := w.Client(towerKey)
	call := func() {
		t.Helper()
		if resp, err := client.Get("/x"); err != nil || resp.StatusCode != 200 {
			t.Fatalf("got %v, %v", resp, err)
		}
	}
	call()
	w.now = w.now.Add(13 * time.Minute)
	if call(); w.atSTS() != 1 {
		t.Errorf("assumed %d times in 13 minutes", w.atSTS())
	}
	w.now = w.now.Add(70 * time.Second)
	if call(); w.atSTS() != 2 {
		t.Errorf("assumed %d times after 14 minutes", w.atSTS())
	}
	if err := w.provider.Fault(sandbox.FaultExpired, 1); err != nil {
		t.Fatal(err)
	}
	if call(); w.atSTS() != 3 {
		t.Errorf("assumed %d times after a refusal", w.atSTS())
	}
}

// Many callers who find the key at its end make one request for another.
func TestAssumeRoleOnceForManyCallers(t *testing.T) {
	w := newOAuth1World(t, inRole())
	if _, err := w.Connect(t.Context(), towerKey, engine.Credentials{}, asReader); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(16 * time.Minute)
	var mu sync.Mutex
	w.answer = nil
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"tower": inRole()}}, &engine.Options{
		Now:       func() time.Time { return w.now },
		Transport: serial{&mu, w},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Connect(t.Context(), towerKey, engine.Credentials{}, asReader); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(16 * time.Minute)
	before := w.atSTS()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			client, _ := e.Client(towerKey)
			if resp, err := client.Get("/x"); err != nil || resp.StatusCode != 200 {
				t.Errorf("got %v, %v", resp, err)
			}
		})
	}
	all.Wait()
	if n := w.atSTS() - before; n != 1 {
		t.Errorf("assumed %d times by 20 callers", n)
	}
}

type serial struct {
	mu *sync.Mutex
	w  *oauth1World
}

func (s serial) PublicOnly() http.RoundTripper { return s }

func (s serial) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.RoundTrip(r)
}

// stsAnswer makes the service give one answer, and notes the request.
func stsAnswer(w *oauth1World, status int, date time.Time, body string, sent *url.Values) {
	w.answer = func(r *http.Request) *http.Response {
		if !strings.HasPrefix(r.URL.Host, "sts.") {
			return nil
		}
		b, _ := io.ReadAll(r.Body)
		if sent != nil {
			*sent, _ = url.ParseQuery(string(b))
		}
		return &http.Response{
			StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r,
			Header: http.Header{"Content-Type": {"text/xml"}, "Date": {date.UTC().Format(http.TimeFormat)}},
		}
	}
}

// TestAssumeRoleRecorded reads the answer that the documentation shows:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func TestAssumeRoleRecorded(t *testing.T) {
	recorded, err := os.ReadFile("../testdata/recorded/aws/assume-role.xml")
	if err != nil {
		t.Fatal(err)
	}
	w := newOAuth1World(t, inRole())
	w.now = time.Date(2019, 11, 9, 12, 34, 41, 0, time.UTC)
	var sent url.Values
	stsAnswer(w, 200, w.now, string(recorded), &sent)
	c, err := w.Connect(t.Context(), towerKey, engine.Credentials{}, asReader)
	if err != nil {
		t.Fatal(err)
	}
	if got := sent.Encode(); got != "Action=AssumeRole&DurationSeconds=900&ExternalId=tenant-7&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader&RoleSessionName=nango-lite&Version=2011-06-15" {
		t.Errorf("sent %s", got)
	}
	tok := c.Credentials.Token
	if tok.AccessToken.Reveal() != "ASIAIOSFODNN7EXAMPLE" || tok.TokenSecret.Reveal() != "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY" ||
		!strings.HasPrefix(tok.Secondary["session"].AccessToken.Reveal(), "AQoDYXdzEPT") || !tok.ExpiresAt.Equal(w.now.Add(time.Hour)) {
		t.Errorf("ends %s, who %s", tok.ExpiresAt, c.Fields["who"])
	}
}

func TestAssumeRoleRefused(t *testing.T) {
	refusal := func(code string) string {
		return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>seeded operator/secret</Message></Error></ErrorResponse>"
	}
	for _, c := range []struct {
		name, body string
		status     int
		late       time.Duration
		want       error
		says       string
	}{
		{"not trusted", refusal("AccessDenied"), 403, 0, engine.ErrDenied, "does not trust"},
		{"throttled", refusal("Throttling"), 400, 0, engine.ErrRateLimited, ""},
		{"a key that is gone", refusal("InvalidClientTokenId"), 403, 0, engine.ErrClient, "oauth_client_id"},
		{"a key that has ended", refusal("ExpiredToken"), 400, 0, engine.ErrClient, "oauth_client_id"},
		{"another secret", refusal("SignatureDoesNotMatch"), 403, 0, engine.ErrClient, "oauth_client_id"},
		{"a clock that is wrong", refusal("SignatureDoesNotMatch"), 403, 20 * time.Minute, engine.ErrClient, "our clock is 20m0s"},
		{"a request that is wrong", refusal("ValidationError"), 400, 0, engine.ErrClient, ""},
		{"out of order", refusal("InternalFailure"), 500, time.Hour, engine.ErrUnavailable, ""},
		{"a page", "<!DOCTYPE html><p>seeded</p>", 200, 0, engine.ErrInvalidResponse, "not XML"},
		{"half a key", "<R><AssumeRoleResult><Credentials><AccessKeyId>k</AccessKeyId></Credentials></AssumeRoleResult></R>", 200, 0, engine.ErrInvalidResponse, "complete"},
		{"nothing", "", 200, 0, engine.ErrInvalidResponse, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newOAuth1World(t, inRole())
			stsAnswer(w, c.status, w.now.Add(c.late), c.body, nil)
			_, err := w.Connect(t.Context(), towerKey, engine.Credentials{}, asReader)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "seeded") || strings.Contains(err.Error(), "operator/secret") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The connection's own key assumes the role, and is what a refusal speaks of.
func TestAssumeRoleWithTheConnectionsKey(t *testing.T) {
	in := inRole()
	in.OAuthClientID, in.OAuthClientSecret = "", schema.Secret{}
	w := newOAuth1World(t, in)
	if d, err := w.Describe("tower"); err != nil || len(d.Fields) != 5 {
		t.Fatalf("the user is asked for %+v, %v", d, err)
	}
	if _, err := w.Connect(t.Context(), towerKey, awsKey("AKIDINVENTED", "invented/secret", ""), asReader); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Connect(t.Context(), towerKey, awsKey("AKIDINVENTED", "another", ""), asReader); !errors.Is(err, engine.ErrReauthorize) {
		t.Errorf("got %v", err)
	}
}

// What AssumeRole would not take is not sent.
func TestAssumeRoleBadInput(t *testing.T) {
	for name, change := range map[string]func(*schema.Integration, map[string]string){
		"a role that is none": func(_ *schema.Integration, f map[string]string) { f["role"] = "reader" },
		"a user's ARN":        func(_ *schema.Integration, f map[string]string) { f["role"] = "arn:aws:iam::123456789012:user/mira" },
		"a session name":      func(in *schema.Integration, _ map[string]string) { in.Auth.AWS.AssumeRole.SessionName = "a b" },
		"an external id":      func(in *schema.Integration, _ map[string]string) { in.Auth.AWS.AssumeRole.ExternalID = "?" },
		"no secret":           func(in *schema.Integration, _ map[string]string) { in.OAuthClientSecret = schema.Secret{} },
		"no app": func(in *schema.Integration, _ map[string]string) {
			in.OAuthClientID, in.Auth.AWS.AssumeRole.Source = "", schema.SourceApp
		},
		"plain http": func(in *schema.Integration, _ map[string]string) {
			in.Auth.AWS.AssumeRole.URL = "http://sts.tower.test"
		},
	} {
		t.Run(name, func(t *testing.T) {
			in, fields := inRole(), map[string]string{"region": "eu-west-1", "role": asReader.Fields["role"]}
			change(in, fields)
			w := newOAuth1World(t, in)
			_, err := w.Connect(t.Context(), towerKey, engine.Credentials{}, &engine.ConnectOptions{Fields: fields})
			if !errors.Is(err, engine.ErrClient) || len(w.sent) > 0 {
				t.Errorf("got %v, %d requests", err, len(w.sent))
			}
		})
	}
}

// AssumeRole takes external ids of 2 to 1224 characters, and session names of 2 to 64.
func TestAssumeRoleLengths(t *testing.T) {
	for _, c := range []struct {
		external, session int
		taken             bool
	}{
		{2, 2, true}, {1000, 64, true}, {1001, 64, true}, {1224, 64, true},
		{1, 64, false}, {1225, 64, false}, {1224, 1, false}, {1224, 65, false},
	} {
		in := inRole()
		in.Auth.AWS.AssumeRole.ExternalID, in.Auth.AWS.AssumeRole.SessionName = strings.Repeat("x", c.external), strings.Repeat("s", c.session)
		w := newOAuth1World(t, in)
		_, err := w.Connect(t.Context(), towerKey, engine.Credentials{}, asReader)
		if (err == nil) != c.taken || c.taken != (len(w.sent) > 0) || err != nil && !errors.Is(err, engine.ErrClient) {
			t.Errorf("an external id of %d characters and a session name of %d: got %v, %d requests", c.external, c.session, err, len(w.sent))
		}
	}
}

// An API whose answer shows another time says why its refusal means nothing else.
func TestAWSClockSkew(t *testing.T) {
	w := newOAuth1World(t, storehouse())
	if _, err := w.Connect(t.Context(), towerKey, awsKey("AKIDINVENTED", "invented/secret", ""), inRegion); err != nil {
		t.Fatal(err)
	}
	w.answer = func(r *http.Request) *http.Response {
		h := http.Header{"Content-Type": {"application/xml"}, "Date": {w.now.Add(-20 * time.Minute).UTC().Format(http.TimeFormat)}}
		return &http.Response{StatusCode: 403, Header: h, Request: r, Body: io.NopCloser(strings.NewReader("<Error><Code>RequestTimeTooSkewed</Code></Error>"))}
	}
	client, _ := w.Client(towerKey)
	resp, err := client.Get("/x")
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.CheckResponse(resp); err == nil || !strings.Contains(err.Error(), "our clock is 20m0s") {
		t.Errorf("got %v", err)
	}
}

// A redirect to another host carries no signature and no session token; one at home
// is signed anew.
func TestAWSRedirects(t *testing.T) {
	w := newOAuth1World(t, inRole())
	if _, err := w.Connect(t.Context(), towerKey, engine.Credentials{}, asReader); err != nil {
		t.Fatal(err)
	}
	to := "https://elsewhere.test/x"
	w.answer = func(r *http.Request) *http.Response {
		status, h := 200, http.Header{}
		if strings.HasSuffix(r.URL.Path, "/go") {
			status = 302
			h.Set("Location", to)
		}
		return &http.Response{StatusCode: status, Header: h, Request: r, Body: io.NopCloser(strings.NewReader("{}"))}
	}
	client, _ := w.Client(towerKey)
	last := func() http.Header {
		t.Helper()
		if _, err := client.Get("/go"); err != nil {
			t.Fatal(err)
		}
		return w.sent[len(w.sent)-1].Header
	}
	if h := last(); h.Get("Authorization") != "" || h.Get("X-Amz-Security-Token") != "" || h.Get("X-Amz-Date") != "" {
		t.Errorf("elsewhere: %v", h)
	}
	to = "/stage/x"
	if h := last(); h.Get("Authorization") == "" || h.Get("X-Amz-Security-Token") == "" {
		t.Errorf("at home: %v", h)
	}
}
