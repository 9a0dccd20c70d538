package engine_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// storehouse is an API that wants AWS signatures.
func storehouse() *schema.Integration {
	return &schema.Integration{
		Name:       "tower",
		Auth:       schema.Auth{AuthMode: schema.AWSSigV4, AWS: &schema.AWS{Service: "execute-api", Region: "${connection.region}"}},
		Connection: map[string]schema.ConnectionField{"region": {From: schema.FromUser}},
		Credentials: map[string]schema.Field{
			"access_key_id": {Example: "AKIDINVENTED"}, "secret_access_key": {Example: "invented/secret", Secret: true},
		},
		Requests: schema.Requests{BaseURL: "https://${connection.region}.tower.test/stage"},
	}
}

var inRegion = &engine.ConnectOptions{Fields: map[string]string{"region": "eu-west-1"}}

func awsKey(id, secret, session string) engine.Credentials {
	return engine.Credentials{Fields: map[string]schema.Secret{
		"access_key_id": schema.NewSecret(id), "secret_access_key": schema.NewSecret(secret), "session_token": schema.NewSecret(session),
	}}
}

// TestAWSSignature signs what is sent, and the strict sandbox finds it so: awkward
// paths and queries, bodies, headers of the caller's.
func TestAWSSignature(t *testing.T) {
	w := newOAuth1World(t, storehouse())
	if _, err := w.Connect(t.Context(), towerKey, awsKey("AKIDINVENTED", "invented/secret", ""), inRegion); err != nil {
		t.Fatal(err)
	}
	client, _ := w.Client(towerKey)
	for _, call := range []struct{ method, target, body string }{
		{"GET", "/", ""}, {"GET", "/a%20b/%E1%88%B4/x%2Fy", ""}, {"GET", "/q?b=a+b&a=%7E&b=%2B&empty&&B=", ""}, {"GET", "/q?a=a%2Fb&a=a-b", ""},
		{"POST", "/p?x=1", `{"name":"tea"}`}, {"PUT", "/a//b/", "x"}, {"DELETE", "/p", ""},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), call.method, call.target, strings.NewReader(call.body))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		r.Header["X-Amz-Meta-Note"] = []string{"  a   b ", "c"}
		r.Header.Set("X-Amz-Security-Token", "of somebody else")
		resp, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s %s: %v", call.method, call.target, err)
		}
		if resp.StatusCode != 200 {
			t.Errorf("%s %s: %s", call.method, call.target, resp.Header.Get(sandbox.RefusalHeader))
		}
		if resp.Request.Header.Get("Authorization") != "" {
			t.Error("the signature is seen above")
		}
	}
	sent := w.sent[0]
	for _, part := range []string{"AWS4-HMAC-SHA256 Credential=AKIDINVENTED/", "/eu-west-1/execute-api/aws4_request", "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-note"} {
		if header := sent.Header.Get("Authorization"); !strings.Contains(header, part) {
			t.Errorf("%s is not in %s", part, header)
		}
	}
	if sent.Header.Get("X-Amz-Security-Token") != "" {
		t.Error("a session token of the caller's was sent")
	}
}

func TestAWSWrongKeys(t *testing.T) {
	w := newOAuth1World(t, storehouse())
	client, _ := w.Client(towerKey)
	if _, err := w.Connect(t.Context(), towerKey, awsKey("AKIDINVENTED", "another", ""), inRegion); err != nil {
		t.Fatal(err)
	}
	if resp, err := client.Get("/x"); err != nil || resp.StatusCode != 401 || !strings.Contains(resp.Header.Get(sandbox.RefusalHeader), "Signature is not") {
		t.Errorf("a wrong secret: %v, %v", resp, err)
	}
	for _, given := range []engine.Credentials{awsKey("", "s", ""), awsKey("k", "", ""), awsKey(" k", "s", ""), awsKey("k", "seeded ", ""), awsKey("k", "s", "t\n")} {
		if _, err := w.Connect(t.Context(), towerKey, given, inRegion); !errors.Is(err, engine.ErrClient) || strings.Contains(err.Error(), "seeded") {
			t.Errorf("got %v, want an error of kind client", err)
		}
	}
}

// A session token that the user typed is signed with.
func TestAWSSessionToken(t *testing.T) {
	w := newOAuth1World(t, storehouse())
	if _, err := w.Connect(t.Context(), towerKey, awsKey("AKIDINVENTED", "invented/secret", "session"), inRegion); err != nil {
		t.Fatal(err)
	}
	client, _ := w.Client(towerKey)
	if resp, err := client.Get("/x"); err != nil || resp.StatusCode != 200 {
		t.Errorf("got %v, %v", resp, err)
	}
	if h := w.sent[0].Header; h.Get("X-Amz-Security-Token") != "session" || !strings.Contains(h.Get("Authorization"), ";x-amz-security-token,") {
		t.Errorf("headers %v", h)
	}
}

// What nothing can be signed for is not sent.
func TestAWSNeedsARegion(t *testing.T) {
	for _, region := range []string{"eu/west", "eu west", "eu,west"} {
		in := storehouse()
		in.Requests.BaseURL = "https://tower.test"
		w := newOAuth1World(t, in)
		if _, err := w.Connect(t.Context(), towerKey, awsKey("k", "s", ""), &engine.ConnectOptions{Fields: map[string]string{"region": region}}); err != nil {
			t.Fatal(err)
		}
		client, _ := w.Client(towerKey)
		if _, err := client.Get("/x"); !errors.Is(err, engine.ErrUnsupported) || len(w.sent) > 0 {
			t.Errorf("%s: got %v, %d requests", region, err, len(w.sent))
		}
	}
}

// TestAWSBodies: a stream is signed from memory, or refused, or not signed where the
// API allows that.
func TestAWSBodies(t *testing.T) {
	no := false
	small := func() io.Reader { return io.MultiReader(strings.NewReader("ping")) }
	for _, c := range []struct {
		name    string
		signs   *bool
		base    string
		body    io.Reader
		payload string // empty: refused
	}{
		{"a small stream", nil, "https", small(), "e4ef5af2b9cd8f6ec0d4b9a6bb3ff2f44fb4f7ab3eb0b0d34d5a0cc0ab53a6d5"},
		{"a large stream", nil, "https", io.MultiReader(bytes.NewReader(make([]byte, 9<<20))), ""},
		{"a large stream that is not signed", &no, "https", io.MultiReader(bytes.NewReader(make([]byte, 1<<20))), "UNSIGNED-PAYLOAD"},
		{"not signed, without TLS", &no, "http", small(), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := storehouse()
			in.Auth.AWS.SignPayload, in.Requests.BaseURL = c.signs, c.base+"://tower.test"
			w := newOAuth1World(t, in)
			if _, err := w.Connect(t.Context(), towerKey, awsKey("AKIDINVENTED", "invented/secret", ""), inRegion); err != nil {
				t.Fatal(err)
			}
			client, _ := w.Client(towerKey)
			resp, err := client.Post("/x", "text/plain", c.body)
			if c.payload == "" {
				if !errors.Is(err, engine.ErrUnsupported) || len(w.sent) > 0 {
					t.Errorf("got %v, %d requests", err, len(w.sent))
				}
				return
			}
			if err != nil || resp.StatusCode != 200 {
				t.Fatalf("got %v, %v", resp, err)
			}
			if got := w.sent[0].Header.Get("X-Amz-Content-Sha256"); len(got) != len(c.payload) || c.signs != nil && got != c.payload {
				t.Errorf("payload %q", got)
			}
		})
	}
}
