package connection_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

var updateCodec = flag.Bool("update-codec", false, "rewrite testdata/connection_v2.json")

// openSealer seals nothing, so that the encoding can be looked at. It still
// minds the aad.
type openSealer struct{}

func (openSealer) Seal(plaintext, aad []byte) ([]byte, error) {
	return fmt.Appendf(nil, "%s\n%s", aad, plaintext), nil
}

func (openSealer) Open(sealed, aad []byte) ([]byte, error) {
	head, plaintext, _ := bytes.Cut(sealed, []byte("\n"))
	if !bytes.Equal(head, aad) {
		return nil, errors.New("sealed for something else")
	}
	return bytes.Clone(plaintext), nil
}

var codecKey = connection.Key{Integration: "notion", ConnectionID: "user-42"}

// codecSample is written out, unlike storetest.Connection: what was kept must
// stay readable when the types grow.
func codecSample() *connection.Connection {
	at := time.Date(2026, 11, 22, 15, 4, 5, 123456000, time.UTC)
	return &connection.Connection{
		Key: codecKey, Generation: 7, Status: connection.StatusNeedsReauthorization, Reason: "invalid_grant",
		Credentials: connection.Credentials{
			Type: schema.OAuth2,
			Token: connection.Token{
				AccessToken: schema.NewSecret("access"), TokenType: "bearer", RefreshToken: schema.NewSecret("refresh"),
				ObtainedAt: at, ExpiresAt: at.Add(time.Hour), Scopes: []string{"read", "write"}, Raw: schema.NewSecret(`{"a":1}`),
				Secondary: map[string]connection.Token{"user": {AccessToken: schema.NewSecret("second"), TokenType: "user"}},
			},
			APIKey: schema.NewSecret(""), Username: schema.NewSecret("name"), Password: schema.NewSecret("\xff"),
			Fields: map[string]schema.Secret{"pin": schema.NewSecret("1234")},
		},
		Fields:         map[string]string{"subdomain": "acme"},
		Metadata:       map[string]any{"n": 1.5, "id": json.Number("12345678901234567890")},
		RefreshStarted: at, CreatedAt: at, UpdatedAt: at,
	}
}

func TestCodecGolden(t *testing.T) {
	name := filepath.Join("testdata", "connection_v2.json")
	got, err := connection.Encode(codecSample(), openSealer{})
	if err != nil {
		t.Fatal(err)
	}
	if *updateCodec {
		var pretty bytes.Buffer
		json.Indent(&pretty, got, "", "\t")
		if err := os.WriteFile(name, append(pretty.Bytes(), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	json.Compact(&want, golden)
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("encoding changed:\n got %s\nwant %s", got, &want)
	}
	c, err := connection.Decode(golden, openSealer{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := storetest.Diff(codecSample(), c); diff != "" {
		t.Errorf("what was encoded once differs now (-want +got):\n%s", diff)
	}
}

// S41: what the version before has written, whose seal knew of the key alone, opens; it is
// bound when it is written again.
func TestCodecOpensWhatWasNotBound(t *testing.T) {
	old, err := os.ReadFile(filepath.Join("testdata", "connection_v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := connection.Decode(old, openSealer{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := storetest.Diff(codecSample(), c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := connection.Reseal(old, openSealer{})
	if err != nil {
		t.Fatal(err)
	}
	if connection.IsBound(old) || !connection.IsBound(again) {
		t.Errorf("bound before: %v, want false; after: %v, want true", connection.IsBound(old), connection.IsBound(again))
	}
}

func TestCodecKeepsEveryField(t *testing.T) {
	want := storetest.Connection(codecKey)
	keys := seal.NewKeys()
	b, err := connection.Encode(want, keys)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte(storetest.Marker)) {
		t.Errorf("a secret lies open: %s", b)
	}
	got, err := connection.Decode(b, keys)
	if err != nil {
		t.Fatal(err)
	}
	if diff := storetest.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The sealed part of one connection must not open as another's.
func TestCodecBindsToKey(t *testing.T) {
	keys := seal.NewKeys()
	encode := func(k connection.Key) (envelope map[string]any) {
		b, err := connection.Encode(storetest.Connection(k), keys)
		if err != nil {
			t.Fatal(err)
		}
		json.Unmarshal(b, &envelope)
		return envelope
	}
	mine, theirs := encode(connection.Key{Integration: "a/b", ConnectionID: "c"}), encode(connection.Key{Integration: "a", ConnectionID: "b/c"})
	mine["sealed"] = theirs["sealed"]
	b, _ := json.Marshal(mine)
	if _, err := connection.Decode(b, keys); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("got %v, want %v", err, seal.ErrSealed)
	}
}

func TestCodecErrors(t *testing.T) {
	b, err := connection.Encode(storetest.Connection(codecKey), openSealer{})
	if err != nil {
		t.Fatal(err)
	}
	good := string(b)
	golden, err := os.ReadFile(filepath.Join("testdata", "connection_v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	nothingIn, _ := openSealer{}.Seal([]byte("{}"), []byte("connection/2 6:notion/user-42"))
	empty, _ := json.Marshal(nothingIn)
	for name, text := range map[string]string{
		"nothing":       "",
		"not JSON":      storetest.Marker,
		"cut":           good[:len(good)/2],
		"a text":        `"` + storetest.Marker + `"`,
		"newer":         strings.Replace(good, `"v":2`, `"v":3`, 1),
		"no version":    strings.Replace(good, `"v":2`, `"v":0`, 1),
		"no key":        strings.Replace(good, `"user-42"`, `""`, 1),
		"wrong type":    strings.Replace(good, `"generation":`, `"generation":"`+storetest.Marker+`","x":`, 1),
		"list of meta":  strings.Replace(string(golden), `"metadata": {`, `"metadata":["`+storetest.Marker+`"],"x":{`, 1),
		"nothing in it": `{"v":2,"integration":"notion","connection_id":"user-42","sealed":` + string(empty) + `}`,
		"sealed no one": `{"v":1,"integration":"notion","connection_id":"user-42","sealed":"Y29ubmVjdGlvbi8xIDY6bm90aW9uL3VzZXItNDIKczNjcjN0LXFaN3BLeA=="}`,
	} {
		if _, err := connection.Decode([]byte(text), openSealer{}); !errors.Is(err, connection.ErrEncoding) || strings.Contains(err.Error(), storetest.Marker[:6]) {
			t.Errorf("%s: got %v, want %v and no content", name, err, connection.ErrEncoding)
		}
	}
	if _, err := connection.Decode([]byte(strings.Replace(good, `"v":2`, `"v":1`, 1)), openSealer{}); err == nil {
		t.Error("what is sealed whole was opened as if only a part were")
	}
	if _, err := connection.Decode([]byte(strings.Replace(good, "user-42", "user-43", 1)), openSealer{}); err == nil || !strings.Contains(err.Error(), "notion/user-43") {
		t.Errorf("moved to another key: got %v, want an error that names it", err)
	}
	for name, c := range map[string]*connection.Connection{
		"no key":   {},
		"metadata": {Key: codecKey, Metadata: map[string]any{"m": quoting{}}},
	} {
		if _, err := connection.Encode(c, openSealer{}); err == nil || strings.Contains(err.Error(), storetest.Marker) {
			t.Errorf("%s: got %v, want an error without content", name, err)
		}
	}
	if _, err := connection.Encode(storetest.Connection(codecKey), nil); err == nil {
		t.Error("encoded without a Sealer")
	}
}

// quoting fails to marshal, and says what it holds.
type quoting struct{}

func (quoting) MarshalJSON() ([]byte, error) { return nil, errors.New(storetest.Marker) }

func FuzzDecodeConnection(f *testing.F) {
	b, err := connection.Encode(codecSample(), openSealer{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	old, err := os.ReadFile(filepath.Join("testdata", "connection_v1.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(old)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := connection.Decode(b, openSealer{})
		if err != nil {
			return
		}
		b, err = connection.Encode(c, openSealer{})
		if err != nil {
			t.Fatalf("decoded, and not encoded again: %v", err)
		}
		again, err := connection.Decode(b, openSealer{})
		if err != nil {
			t.Fatalf("encoded again, and not decoded: %v", err)
		}
		if diff := storetest.Diff(c, again); diff != "" {
			t.Fatalf("changed (-want +got):\n%s", diff)
		}
	})
}
