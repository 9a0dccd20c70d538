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
	// own. body is nil unless it is covered; it need not be read to its end. An error
	// quotes no value.
	Sign(r *http.Request, body io.Reader, values render.Values) error
}

// A Judge is a [Signer] that knows why an answer refuses its signature. Signers need
// not be one.
type Judge interface {
	// Refused says in words what is wrong with the signature, or "".
	Refused(answer *http.Response) string
}

// Sign returns the layer that signs what is sent: innermost, and each attempt anew,
// since a nonce is good once. It is nil if there is no signer.
func Sign(signer Signer) Layer {
	if signer == nil {
		return nil
	}
	judge, _ := signer.(Judge)
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			call := From(r.Context())
			out := call.copyRequest(r)
			call.attempt.request = out
			if err := sign(signer, out, call.value); err != nil {
				closeBody(out)
				return nil, err
			}
			call.attempt.made = nil
			resp, err := next.RoundTrip(out)
			if err != nil {
				return nil, err
			}
			if judge != nil {
				call.note(verdict{reason: judge.Refused(resp)})
			}
			resp.Request = r // a signature is nobody's business above
			return resp, nil
		})
	}
}

func sign(signer Signer, r *http.Request, values render.Values) error {
	if !signer.Covers(r) {
		return signer.Sign(r, nil, values)
	}
	body, err := signedBody(r)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return signer.Sign(r, body, values)
}

// signedBody returns the body of r, to be read before it is sent. One that can be
// read twice is never held in memory.
func signedBody(r *http.Request) (io.ReadCloser, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return http.NoBody, nil
	}
	if r.GetBody != nil {
		return r.GetBody()
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
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	if len(body) == 0 {
		r.Body = http.NoBody // 0 beside another means that nobody knows
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}
