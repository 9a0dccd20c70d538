package sign

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/schema"
)

func b64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The examples of RFC 7515 A.1 to A.3 and of RFC 8037 A.4.
func TestJWSVectors(t *testing.T) {
	n := func(s string) *big.Int { return new(big.Int).SetBytes(b64(t, s)) }
	rsaKey := &rsa.PrivateKey{PublicKey: rsa.PublicKey{E: 65537, N: n("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ")}}
	ecPublic, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, b64(t, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), b64(t, "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")))
	if err != nil {
		t.Fatal(err)
	}
	ec := &ecdsa.PrivateKey{PublicKey: *ecPublic}
	const payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	for _, v := range []struct {
		algorithm string
		key       any
		token     string
	}{
		{"HS256", b64(t, "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"), "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + payload + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
		{"RS256", rsaKey, "eyJhbGciOiJSUzI1NiJ9." + payload + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
		{"ES256", ec, "eyJhbGciOiJFUzI1NiJ9." + payload + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
	} {
		checkVector(t, v.algorithm, v.key, v.token)
	}
	ed := ed25519.NewKeyFromSeed(b64(t, "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
	// RFC 8037 signs a text that is no claims: the signature is good, and that is all.
	const text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
	if _, err := verifyJWS("EdDSA", ed, text+"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"); err == nil || !strings.Contains(err.Error(), "the payload is not a JSON object") {
		t.Errorf("EdDSA: %v", err)
	}
	head := "eyJhbGciOiJFZERTQSJ9." + payload
	checkVector(t, "EdDSA", ed, head+"."+base64.RawURLEncoding.EncodeToString(ed25519.Sign(ed, []byte(head))))

	// A secret shorter than its hash is what some providers hand out.
	short := []byte("short")
	mac := hmac.New(sha512.New, short)
	head = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS512"}`)) + "." + payload
	mac.Write([]byte(head))
	checkVector(t, "HS512", short, head+"."+base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}

// checkVector holds that a token verifies, and nothing that is almost it.
func checkVector(t *testing.T, algorithm string, key any, token string) {
	t.Helper()
	if tok, err := verifyJWS(algorithm, key, token); err != nil || tok.Payload["iss"] != "joe" || tok.Header["alg"] != algorithm {
		t.Errorf("%s: got %v, %v", algorithm, tok, err)
	}
	i := strings.LastIndexByte(token, '.') + 1
	signature := b64(t, token[i:])
	signature[0]++
	if _, err := verifyJWS(algorithm, key, token[:i]+base64.RawURLEncoding.EncodeToString(signature)); err == nil {
		t.Errorf("%s: verifies with another signature", algorithm)
	}
	if _, err := verifyJWS(algorithm, key, token[:i]); err == nil {
		t.Errorf("%s: verifies without a signature", algorithm)
	}
	other := "HS384"
	if _, err := verifyJWS(other, key, token); err == nil || !strings.Contains(err.Error(), "alg is") {
		t.Errorf("%s: taken for %s: %v", algorithm, other, err)
	}
}

func FuzzCheckJWT(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("eyJhbGciOiJIUzI1NiJ9.bnVsbA.AAAA")
	f.Add("eyJhbGciOiJIUzI1NiIsImtpZCI6W119.eyJpYXQiOiJ4IiwiZXhwIjotMWU5OX0.AAAA")
	i := &schema.Integration{Name: "x", OAuthPrivateKey: schema.NewSecret("k"), Requests: schema.Requests{BaseURL: "https://x.example", Headers: map[string]string{"A": "${access_token}"}},
		Auth: schema.Auth{AuthMode: schema.SignedJWT, JWT: &schema.JWT{Algorithm: "HS256", Header: schema.Tree{"kid": "a"}}}}
	p := judgeOf(f, i)
	f.Fuzz(func(t *testing.T, s string) {
		if _, ref := p.CheckJWT(s); ref == nil {
			t.Errorf("%q is taken", s)
		}
	})
}

// judgeOf returns the judge of an integration.
func judgeOf(t testing.TB, i *schema.Integration) *Judge {
	t.Helper()
	m, err := match.New(i, nil)
	if err != nil {
		t.Fatal(err)
	}
	j, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	return j
}
