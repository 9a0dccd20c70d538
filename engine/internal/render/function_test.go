package render_test

import (
	"encoding/base64"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// Published examples: RFC 4648 10, RFC 1321 A.5, FIPS 180 (abc), RFC 2202, RFC 4231, RFC 7617 2, RFC 3986 2.3.
func TestFunctions(t *testing.T) {
	values := of("a", "abc", "key", "Jefe", "data", "what do ya want for nothing?", "user", "Aladdin", "pass", "open sesame", "raw", "\xfb\xff\x00", "empty", "")
	for _, c := range []struct{ text, want string }{
		{"${base64('foob')}", "Zm9vYg=="}, {"${base64('f', 'oo', 'b')}", "Zm9vYg=="}, {"${base64url(raw)}", "-_8A"}, {"${base64(raw)}", "+/8A"}, {"${base64url('f')}", "Zg"},
		{"Basic ${base64(user, ':', pass)}", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"${hex(md5(a))}", "900150983cd24fb0d6963f7d28e17f72"},
		{"${hex(sha1(a))}", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"${hex(sha1('a', 'b', 'c'))}", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"${hex(sha256(a))}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"${hex(sha512(a))}", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{"${hex(hmac_sha1(key, data))}", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{"${hex(hmac_sha256(key, data))}", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"${hex(hmac_sha512(key, data))}", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
		{"${upper(hex(md5(a)))}", "900150983CD24FB0D6963F7D28E17F72"}, {"${lower('ÄbC')}", "Äbc"},
		{"${urlencode('a-z._~ /+ü%')}", "a-z._~%20%2F%2B%C3%BC%25"},
		{"${none || base64(none) || 'x'}", "x"}, {"${base64(none || 'f')}", "Zg=="}, {"${base64(empty)}", ""},
	} {
		if got, err := render.Text(template(t, c.text), values); got != c.want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", c.text, got, err, c.want)
		}
	}
	var missing *render.MissingError
	if _, err := render.Text(template(t, "${base64(a, hex(sha1(none))) || other}"), values); !errors.As(err, &missing) || missing.Name != "none" {
		t.Errorf("got %v", err)
	}
	if _, err := render.Text(template(t, "${rot13(a) || 'x'}"), values); err == nil || errors.As(err, &missing) {
		t.Errorf("a function that there is not: got %v", err)
	}
	if _, err := render.Text(template(t, "${hex(hmac_sha1(a))}"), values); err == nil {
		t.Error("a key that signs nothing was taken")
	}
}

// Published examples of WSSE digests: one of Pilgrim's article on the header X-WSSE
// (xml.com, 2003), as node-wsse has it too, one with the nonce in Base64 (ONVIF
// Application Programmer's Guide). The two differ in what the nonce's bytes are.
func TestWSSEVectors(t *testing.T) {
	raw, _ := base64.StdEncoding.DecodeString("LKqI6G/AikKCQrN0zqZFlg==")
	for _, c := range []struct{ nonce, created, password, digest, shown string }{
		{"d36e316282959a9ed4c89851497a717f", "2003-12-15T14:43:07Z", "taadtaadpstcsm", "quR/EWLAV4xLf9Zqyw4pDmfV9OY=", "ZDM2ZTMxNjI4Mjk1OWE5ZWQ0Yzg5ODUxNDk3YTcxN2Y="},
		{string(raw), "2010-09-16T07:50:45Z", "userpassword", "tuOSpGlFlIXsozq4HFNeeGeFLEI=", "LKqI6G/AikKCQrN0zqZFlg=="},
	} {
		values := of("nonce", c.nonce, "created", c.created, "password", c.password)
		if got, err := render.Text(template(t, "${base64(sha1(nonce, created, password))} ${base64(nonce)}"), values); got != c.digest+" "+c.shown || err != nil {
			t.Errorf("got %s, %v; want %s", got, err, c.digest)
		}
	}
}

// What is generated is the same wherever it stands in one request, and another in
// the next.
func TestGenerated(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600))
	calls := 0
	now := func() time.Time { calls++; return at.Add(time.Duration(calls-1) * time.Hour) }
	text := template(t, "${now()} ${now('s')} ${now('ms')} ${now('iso')} ${nonce()} ${nonce()} ${uuid()} ${uuid()}")
	shape := regexp.MustCompile(`^(1770087906) 1770087906 1770087906789 2026-02-03T03:05:06Z ([0-9a-f]{32}) ([0-9a-f]{32}) ([0-9a-f-]{36}) ([0-9a-f-]{36})$`)
	made := new(render.Made)
	first, err := render.Text(text, made.Values(of(), now))
	m := shape.FindStringSubmatch(first)
	if err != nil || m == nil || m[2] != m[3] || m[4] != m[5] {
		t.Fatalf("got %q, %v", first, err)
	}
	if again, _ := render.Text(text, made.Values(of(), now)); again != first {
		t.Errorf("got %q, then %q", first, again)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(m[4]) {
		t.Errorf("%s is no UUID of version 4", m[4])
	}
	calls = 0
	if other, _ := render.Text(text, new(render.Made).Values(of(), now)); other == first {
		t.Error("another request got the same")
	}
	var missing *render.MissingError
	if _, err := render.Text(text, of()); !errors.As(err, &missing) {
		t.Errorf("without a clock: got %v", err)
	}
}

func TestComputed(t *testing.T) {
	text, got, err := render.Computed(template(t, "Basic ${base64(key, ':')} ${key} ${none || hex(key)}"), of("key", "k"))
	if text != "Basic azo= k 6b" || len(got) != 2 || got[0] != "azo=" || got[1] != "6b" || err != nil {
		t.Errorf("got %q, %q, %v", text, got, err)
	}
}

func TestFunctionInURL(t *testing.T) {
	u, err := render.URL(template(t, "https://${lower(connection.sub)}.fjord.test/${base64(connection.sub)}?d=${base64(connection.sub)}"), of("connection.sub", "Quill?"), formats)
	if err == nil {
		t.Errorf("got %s: ? is no part of a host", u)
	}
	u, err = render.URL(template(t, "https://${lower(connection.sub)}.fjord.test/${base64('>>>')}?d=${base64('>>>')}"), of("connection.sub", "Quill"), formats)
	if err != nil || u.String() != "https://quill.fjord.test/Pj4+?d=Pj4%2B" {
		t.Errorf("got %s, %v", u, err)
	}
	if u, err := render.URL(template(t, "${lower(connection.origin)}/v1"), of("connection.origin", "https://self.test"), formats); err == nil {
		t.Errorf("a function made an origin: %s", u)
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"${base64(a, ':')}", "${hex(hmac_sha256(a, now()))}", "${upper(b || 'x')}", "${now('x')}", "${hmac_md5(a)}"} {
		f.Add(seed, "v")
	}
	f.Fuzz(func(t *testing.T, text, v string) {
		p, err := schema.ParseTemplate(text)
		if err != nil {
			return
		}
		values := new(render.Made).Values(of("a", v, "b", ""), time.Now)
		var missing *render.MissingError
		if _, err := render.Text(p, values); err != nil && p.CheckFunctions() == nil && !errors.As(err, &missing) {
			t.Errorf("%q: %v, and no value is missing", text, err)
		}
		_, _, _ = render.Computed(p, values)
	})
}
