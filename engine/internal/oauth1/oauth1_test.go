package oauth1_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/oauth1"
)

// The example of RFC 5849 1.2. It leaves oauth_version out, which we send; so its
// signatures are recomputed over its own base strings.
func TestRFC5849Section12(t *testing.T) {
	for _, row := range []struct {
		method, url      string
		token, secret    string
		nonce, timestamp string
		extra            []oauth1.Param
		want             string
	}{
		{"POST", "https://photos.example.net/initiate", "", "", "wIjqoS", "137131200",
			[]oauth1.Param{{Name: "oauth_callback", Value: "http://printer.example.com/ready"}}, "74KNZJeDHnMBp0EMJ9ZHt/XKycU="},
		{"POST", "https://photos.example.net/token", "hh5s93j4hdidpola", "hdhd0244k9j7ao03", "walatlh", "137131201",
			[]oauth1.Param{{Name: "oauth_verifier", Value: "hfdp7dh39dks9884"}}, "gKgrFCywp7rO0OXSjdot/IHF7IU="},
		{"GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00", "chapoH", "137131202",
			nil, "MdpQcU8iPSUjWoN/UDMsK2sui9I="},
	} {
		u := parse(t, row.url)
		params, err := oauth1.Params(u.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		params = append(params, oauth1.Param{Name: "oauth_consumer_key", Value: "dpf43f3p2l4k3l03"}, oauth1.Param{Name: "oauth_signature_method", Value: "HMAC-SHA1"},
			oauth1.Param{Name: "oauth_timestamp", Value: row.timestamp}, oauth1.Param{Name: "oauth_nonce", Value: row.nonce})
		if row.token != "" {
			params = append(params, oauth1.Param{Name: "oauth_token", Value: row.token})
		}
		c := oauth1.Client{Secret: "kd94hf93k423kf44", TokenSecret: row.secret, Method: oauth1.HMACSHA1}
		if got, err := oauth1.Sign(&c, oauth1.BaseString(row.method, u, append(params, row.extra...))); got != row.want || err != nil {
			t.Errorf("%s %s: got %s, %v; want %s", row.method, row.url, got, err, row.want)
		}
	}
}

// RFC 5849 3.4.1, with the signature of erratum 2550.
func TestRFC5849Section341(t *testing.T) {
	u := parse(t, "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b")
	var params []oauth1.Param
	for _, text := range []string{u.RawQuery, "c2&a3=2+q"} {
		more, err := oauth1.Params(text)
		if err != nil {
			t.Fatal(err)
		}
		params = append(params, more...)
	}
	params = append(params, oauth1.Param{Name: "oauth_consumer_key", Value: "9djdj82h48djs9d2"}, oauth1.Param{Name: "oauth_token", Value: "kkk9d7dh3k39sjv7"},
		oauth1.Param{Name: "oauth_signature_method", Value: "HMAC-SHA1"}, oauth1.Param{Name: "oauth_timestamp", Value: "137131201"}, oauth1.Param{Name: "oauth_nonce", Value: "7d8f3e4a"})
	const want = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26" +
		"oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
	got := oauth1.BaseString("post", u, params)
	if got != want {
		t.Errorf("base string\n got %s\nwant %s", got, want)
	}
	c := oauth1.Client{Secret: "j49sk3j29djd", TokenSecret: "dh893hdasih9", Method: oauth1.HMACSHA1}
	if got, err := oauth1.Sign(&c, got); got != "r6/TJjbCOr97/+UU0NsvSne7s5g=" || err != nil {
		t.Errorf("signature %s, %v", got, err)
	}
}

// What Oracle documents for token-based authentication, with its own invented keys:
// https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html
func TestOracleTBA(t *testing.T) {
	for account, want := range map[string]string{
		"123456":  "%2BKK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ%3D",
		"1234567": "i7MEtGwhCTIZbTsTrNGw9LdcERn4wsjt5C7TxmKWIfU%3D",
	} {
		c := oauth1.Client{
			Key: "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4", Secret: "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
			Token: "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc", TokenSecret: "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
			Method: oauth1.HMACSHA256, Realm: account, Time: time.Unix(1508242306, 0), Nonce: "fjaLirsIcCGVZWzBX0pg",
		}
		u := parse(t, "https://"+account+".restlets.api.netsuite.com/app/site/hosting/restlet.nl?script=6&deploy=1&customParam=someValue&testParam=someOtherValue")
		got, err := c.Authorization("POST", u, "")
		if err != nil || !strings.HasPrefix(got, `OAuth realm="`+account+`", `) || !strings.Contains(got, `oauth_signature="`+want+`"`) {
			t.Errorf("%s: got %s, %v", account, got, err)
		}
	}
}

// RFC 5849 3.4.1.2: the two base string URIs.
func TestBaseStringURI(t *testing.T) {
	for in, want := range map[string]string{
		"http://EXAMPLE.COM:80/r%20v/X?id=123": "http://example.com/r%20v/X",
		"https://www.example.net:8080/?q=1":    "https://www.example.net:8080/",
		"https://www.example.net:443":          "https://www.example.net/",
		"https://www.example.net/a%2Fb":        "https://www.example.net/a%2Fb",
	} {
		if got := oauth1.BaseString("GET", parse(t, in), nil); got != "GET&"+oauth1.Escape(want)+"&" {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestHeader(t *testing.T) {
	c := oauth1.Client{Key: "k", Secret: "s&", Token: "t=", TokenSecret: "ü", Method: oauth1.Plaintext, Realm: `12 "3"`, Time: time.Unix(7, 0), Nonce: "n"}
	got, err := c.Authorization("GET", parse(t, "https://x.example/"), "")
	const want = `OAuth realm="12 \"3\"", oauth_consumer_key="k", oauth_nonce="n", oauth_signature="s%2526%26%25C3%25BC", ` +
		`oauth_signature_method="PLAINTEXT", oauth_timestamp="7", oauth_token="t%3D", oauth_version="1.0"`
	if got != want || err != nil {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestRSA(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for kind, der := range map[string][]byte{"RSA PRIVATE KEY": x509.MarshalPKCS1PrivateKey(key), "PRIVATE KEY": pkcs8} {
		c := oauth1.Client{Secret: string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})), Method: oauth1.RSASHA1}
		signature, err := oauth1.Sign(&c, "base")
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		raw, err := base64.StdEncoding.DecodeString(signature)
		sum := sha1.Sum([]byte("base"))
		if err != nil || rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA1, sum[:], raw) != nil {
			t.Errorf("%s: the signature is not good", kind)
		}
	}
}

func TestWhatCannotBeSigned(t *testing.T) {
	u := parse(t, "https://x.example/")
	for _, row := range []struct {
		c    oauth1.Client
		form string
		want error
	}{
		{oauth1.Client{Secret: "seeded-secret", Method: oauth1.RSASHA1}, "", oauth1.ErrKey},
		{oauth1.Client{Secret: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", Method: oauth1.RSASHA1}, "", oauth1.ErrKey},
		{oauth1.Client{Method: "none"}, "", oauth1.ErrMethod},
		{oauth1.Client{Method: oauth1.HMACSHA1}, "a=%zz", oauth1.ErrForm},
	} {
		if got, err := row.c.Authorization("POST", u, row.form); got != "" || !errors.Is(err, row.want) || strings.Contains(err.Error(), "seeded") {
			t.Errorf("%s: got %q, %v", row.c.Method, got, err)
		}
	}
}

func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{"", "c2&a3=2+q", "a=1&a=1&=&%00=;", "%zz", "ü=+&&", "oauth_token=x"} {
		f.Add(seed, seed, "token")
	}
	f.Fuzz(func(t *testing.T, query, form, token string) {
		u := &url.URL{Scheme: "https", Host: "x.example", Path: "/p", RawQuery: query}
		c := oauth1.Client{Key: "key", Secret: "seeded-secret", Token: token, TokenSecret: "seeded-token", Method: oauth1.HMACSHA1, Nonce: "n"}
		got, err := c.Authorization("POST", u, form)
		if strings.ContainsAny(got, "\r\n\x00") || strings.Contains(got, "seeded") || err != nil && !errors.Is(err, oauth1.ErrForm) {
			t.Errorf("got %q, %v", got, err)
		}
		again, _ := c.Authorization("POST", u, form)
		if got != again {
			t.Error("signed twice, got two signatures")
		}
	})
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
