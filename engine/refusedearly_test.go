package engine_test

import (
	"errors"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func TestNewWithoutAConfiguration(t *testing.T) {
	if _, err := engine.New(nil, nil); err == nil {
		t.Error("no error")
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
