package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func TestNewWithoutAConfiguration(t *testing.T) {
	if _, err := engine.New(nil, nil); err == nil {
		t.Error("no error")
	}
}

// An empty connection id would be one connection for everybody.
func TestEmptyConnectionID(t *testing.T) {
	e := newEngine(t, &provider{}, nil, nil)
	nobody := engine.Key{Integration: "fjord"}
	_, client := e.Client(nobody)
	_, rt := e.RoundTripper(nobody, nil)
	_, url := e.AuthCodeURL(t.Context(), nobody, callbackURL, nil)
	_, connect := e.Connect(t.Context(), nobody, engine.Credentials{}, nil)
	_, device := e.DeviceAuth(t.Context(), nobody, nil)
	for name, err := range map[string]error{"Client": client, "RoundTripper": rt, "AuthCodeURL": url, "Connect": connect, "DeviceAuth": device} {
		if !errors.Is(err, engine.ErrNotFound) || !strings.Contains(err.Error(), "the connection id is empty") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A URL that no browser comes back to is refused before the user is sent away.
func TestRedirectURLs(t *testing.T) {
	e := newEngine(t, &provider{}, nil, nil)
	for text, want := range map[string]string{
		"https://app.test/cb": "", "http://127.0.0.1:0/cb": "", "com.example.app:/cb": "", "https://app.test": "",
		"": "scheme", "/cb": "scheme", "app.test/cb": "scheme", "https:///cb": "no host", "http:cb": "no host", "https://app.test/cb#x": "fragment", "https://%zz/": "cannot be read",
	} {
		_, err := e.AuthCodeURL(t.Context(), alice, text, nil)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: got %v", text, err)
		case want != "" && (!errors.Is(err, engine.ErrClient) || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// What x/oauth2 cannot do is refused, and not done in another way.
func TestOAuth2ConfigRefusesWhatItCannotDo(t *testing.T) {
	for name, change := range map[string]func(*schema.Integration){
		"JSON":      func(in *schema.Integration) { in.Auth.BodyFormat = "json" },
		"query":     func(in *schema.Integration) { in.Auth.BodyFormat = "query" },
		"separator": func(in *schema.Integration) { comma := ","; in.Auth.ScopeSeparator = &comma },
	} {
		if _, err := newEngine(t, &provider{}, nil, change).OAuth2Config("fjord", callbackURL); !errors.Is(err, engine.ErrUnsupported) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A host tells "not connected" from a provider's 404, which is of the same kind.
func TestNoConnectionIsTold(t *testing.T) {
	e := newEngine(t, &provider{}, nil, nil)
	_, err := e.Connection(t.Context(), alice)
	if !errors.Is(err, engine.ErrNoConnection) || !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("Connection: %v", err)
	}
	if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrNoConnection) {
		t.Errorf("Token: %v", err)
	}
}
