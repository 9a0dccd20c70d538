package layer_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/layer/layertest"
	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// A signer signs by telling what it saw.
type signer struct{ covers bool }

func (s signer) Covers(*http.Request) bool { return s.covers }

func (s signer) Sign(r *http.Request, body io.Reader, values render.Values) error {
	token, ok := values("access_token")
	if !ok {
		return &render.MissingError{Name: "access_token"}
	}
	if (body != nil) != s.covers {
		return errors.New("a body that is not covered")
	}
	var read []byte
	if s.covers {
		read, _ = io.ReadAll(body)
	}
	r.Header.Set("Signature", token+"("+string(read)+")")
	return nil
}

func TestSignCoversWhatIsSent(t *testing.T) {
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"a body that can be read twice": func(r io.Reader) io.Reader { return r },
		"a stream":                      func(r io.Reader) io.Reader { return struct{ io.Reader }{r} },
	} {
		t.Run(name, func(t *testing.T) {
			call := layertest.Begin(&layertest.Session{Values: layertest.Values{"access_token": "t"}})
			r, err := http.NewRequestWithContext(layer.With(t.Context(), call), "POST", layertest.Base, wrap(strings.NewReader("ping")))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := layer.Sign(signer{covers: true})(layertest.Func(func(r *http.Request) (*http.Response, error) {
				sent, err := io.ReadAll(r.Body)
				if got := r.Header.Get("Signature"); got != "t(ping)" || string(sent) != "ping" || err != nil {
					t.Errorf("signature %q over %q, %v", got, sent, err)
				}
				if r.ContentLength != 4 { // S3 takes no body whose length is not told
					t.Errorf("length %d", r.ContentLength)
				}
				return layertest.Answer(r, 200, ""), nil
			})).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Request != r || r.Header.Get("Signature") != "" {
				t.Error("the signature is seen above")
			}
		})
	}
}

func TestSignKeepsNoLargeStream(t *testing.T) {
	call := layertest.Begin(&layertest.Session{Values: layertest.Values{"access_token": "t"}})
	r, err := http.NewRequestWithContext(layer.With(t.Context(), call), "POST", layertest.Base, struct{ io.Reader }{io.LimitReader(endless{}, 9<<20)})
	if err != nil {
		t.Fatal(err)
	}
	var refused *layer.RefusedError
	_, err = layer.Sign(signer{covers: true})(layertest.Func(func(*http.Request) (*http.Response, error) {
		t.Error("it was sent")
		return nil, io.EOF
	})).RoundTrip(r)
	if !errors.As(err, &refused) {
		t.Errorf("got %v, want a refusal", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
