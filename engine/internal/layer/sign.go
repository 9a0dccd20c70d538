package layer

import (
	"bytes"
	"io"
	"net/http"

	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// maxSigned is the largest body that is kept in memory to be signed. One that can be
// read twice is not kept.
const maxSigned = 8 << 20

// A Signer signs requests. It is safe for concurrent use.
type Signer interface {
	// Covers reports whether the signature of r covers its body.
	Covers(r *http.Request) bool

	// Sign adds its signature to r, which is complete and whose header map is its
	// own. body is nil unless it is covered. An error quotes no value.
	Sign(r *http.Request, body []byte, values render.Values) error
}

// Sign returns the layer that signs what is sent: innermost, and each attempt anew,
// since a nonce is good once. Nothing is signed for another origin than the base
// URL's. It is nil if there is no signer.
func Sign(signer Signer) Layer {
	if signer == nil {
		return nil
	}
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			call := From(r.Context())
			if call.foreign {
				return next.RoundTrip(r)
			}
			out := copyRequest(r)
			call.fresh = out
			var body []byte
			if signer.Covers(r) {
				var err error
				if body, err = readSigned(out); err != nil {
					closeBody(r)
					return nil, err
				}
			}
			if err := signer.Sign(out, body, call.Snapshot().Value); err != nil {
				closeBody(out)
				return nil, err
			}
			resp, err := next.RoundTrip(out)
			if err != nil {
				return nil, err
			}
			resp.Request = r // a signature is nobody's business above
			return resp, nil
		})
	}
}

// readSigned returns the body of r, which is left to be sent.
func readSigned(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return []byte{}, nil
	}
	if r.GetBody != nil {
		again, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		defer func() { _ = again.Close() }()
		return io.ReadAll(again)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxSigned+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxSigned {
		return nil, &RefusedError{"the signature has to cover a body that is larger than 8 MiB and cannot be read twice"}
	}
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}
