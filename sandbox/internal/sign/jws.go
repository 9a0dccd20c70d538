package sign

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// A signedToken is a JWT whose signature is good.
type signedToken struct{ Header, Payload map[string]any }

// verifyJWS reads a JSON Web Token (RFC 7515 7.1) and holds that key has signed it
// by algorithm. Others have written what decides that, so that the sandbox does not
// share a mistake with the engine.
func verifyJWS(algorithm string, key any, token string) (t signedToken, err error) {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
	var other *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &other):
		return t, fmt.Errorf("alg is %q, and the blueprint says %s", other.Got, algorithm)
	case err != nil:
		return t, errors.New(strings.TrimPrefix(err.Error(), "go-jose/go-jose: "))
	}
	payload, err := signed.Verify(verifying(key))
	if err != nil {
		return t, errors.New("the signature does not verify by the key that the sandbox knows; for ${credentials.…} that is the example, or sandbox.PrivateKey")
	}
	head, _, _ := strings.Cut(token, ".")
	header, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return t, errors.New("the header is not base64url without padding")
	}
	for _, part := range []struct {
		name string
		text []byte
		to   *map[string]any
	}{{"header", header, &t.Header}, {"payload", payload, &t.Payload}} {
		if json.Unmarshal(part.text, part.to) != nil || *part.to == nil {
			return t, fmt.Errorf("the %s is not a JSON object", part.name)
		}
	}
	return t, nil
}

// longestHash is the size of SHA-512 in bytes.
const longestHash = 64

// verifying returns the half of a key that verifies. A short secret is filled up with
// zeros, as HMAC itself does (RFC 2104 2): go-jose takes none shorter than the hash
// (RFC 7518 3.2), and providers hand such secrets out.
func verifying(key any) any {
	switch key := key.(type) {
	case crypto.Signer:
		return key.Public()
	case []byte:
		if len(key) < longestHash {
			return append(key[:len(key):len(key)], make([]byte, longestHash-len(key))...)
		}
	}
	return key
}
