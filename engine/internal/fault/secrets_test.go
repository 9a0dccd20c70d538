package fault_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// However a secret is written, no more than a letter at its edge is left of it.
func TestS51_SecretsInEveryEncoding(t *testing.T) {
	for _, secret := range []string{"s3cret-TOKEN", "a b+c/d=e&f", `quote"and\\slash`, "ünïcode-þorn", "\x00\xff\x10binary"} {
		quoted, _ := json.Marshal(secret)
		spellings := map[string]string{
			"plain": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret), "query in small letters": strings.ToLower(url.QueryEscape(secret)),
			"hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))), "hex after a letter": "a" + hex.EncodeToString([]byte(secret)),
			"JSON": strings.Trim(string(quoted), `"`),
		}
		for i := range 3 {
			for name, e := range map[string]*base64.Encoding{"Base64": base64.StdEncoding, "Base64 for URLs": base64.RawURLEncoding} {
				spellings[fmt.Sprint(name, " after ", i)] = e.EncodeToString([]byte(strings.Repeat("x", i) + secret + "y"))
				spellings[fmt.Sprint(name, " within a path, after ", i)] = "v1/" + strings.Repeat("q", i) + e.EncodeToString([]byte(secret))
			}
		}
		if strings.Contains(secret, "\xff") { // JSON has no way to write it
			delete(spellings, "JSON")
		}
		if strings.ToLower(secret) != secret {
			delete(spellings, "query in small letters")
		}
		for how, spelled := range spellings {
			got := fault.WithoutSecrets("before "+spelled+" after", []string{"unused", secret})
			if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") || !strings.Contains(got, "[REDACTED]") || len(got) > len("before [REDACTED] after")+8 {
				t.Errorf("%q as %s: got %q", secret, how, got)
			}
		}
	}
}

func TestS51_OverlappingSecrets(t *testing.T) {
	for _, c := range []struct {
		text    string
		secrets []string
		want    string
	}{
		{"abcdef", []string{"abcd", "cdef"}, "[REDACTED]"},
		{"abcdef", []string{"cdef", "abcd"}, "[REDACTED]"},
		{"abcdefgh", []string{"abcdefgh", "cdef"}, "[REDACTED]"},
		{"aaaaaa", []string{"aaaa"}, "[REDACTED]"},
		{"abcdabcd", []string{"abcd"}, "[REDACTED][REDACTED]"},
		{"REDACTED", []string{"REDACTED", "ACTE"}, "[REDACTED]"},
		{"one abcd two efgh", []string{"efgh", "abcd"}, "one [REDACTED] two [REDACTED]"},
		{"abc", []string{"abc", ""}, "abc"}, // too short to be looked for
		{"%61bcd and ab%63d", []string{"abcd"}, "[REDACTED] and [REDACTED]"},
		{`a\u0062cd`, []string{"abcd"}, "[REDACTED]"},
		{"%zz% \\", []string{"abcd"}, "%zz% \\"},
	} {
		if got := fault.WithoutSecrets(c.text, c.secrets); got != c.want {
			t.Errorf("%q without %q: got %q, want %q", c.text, c.secrets, got, c.want)
		}
	}
}

func TestS51_ShownURL(t *testing.T) {
	secrets := []string{"s3cret/key"}
	for text, want := range map[string]string{
		"https://u:p@api.example/bots3cret%2Fkey/me?token=x#y": "https://api.example/bot[REDACTED]/me",
		"https://api.example/v1/czNjcmV0L2tleQ==":              "https://api.example/v1/[REDACTED]==",
		"/relative?q=1": "/relative",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := fault.ShownURL(u, secrets); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	u := &url.URL{Scheme: "https", Host: "s3cretkey.example", Path: "/signed/path"}
	if got := fault.ShownOrigin(u, []string{"s3cretkey"}); got != "https://[REDACTED].example/…" {
		t.Errorf("got %s", got)
	}
}

// What a mask is over is found by those who ask for it, and written by nobody who walks
// the chain.
func TestS51_NothingBelowAMask(t *testing.T) {
	cause := fmt.Errorf("GET https://x.example/s3cret: %w", &url.Error{Op: "Get", URL: "s3cret", Err: io.ErrUnexpectedEOF})
	err := error(&fault.Error{Op: "call", Err: fault.WithText("the connection broke", cause)})
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, "s3cret") {
			t.Errorf("%T: %s", e, text)
		}
	}
	var u *url.Error
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &u) || errors.Is(err, io.EOF) {
		t.Error("the cause is not found")
	}
}

func TestEchoesOfManyWords(t *testing.T) {
	said := func() []string { return []string{"Bearer A1b2c3d4e5", "Xy12345678longer"} }
	for text, want := range map[string]string{
		"A1b2c3d4e5":                      "[REDACTED]",
		"A1b2c3d4":                        "[REDACTED]",             // a piece of what was said
		"zzA1b2c3d4e5zz, q9A1b2c3d4":      "[REDACTED], q9A1b2c3d4", // what was said, and more
		"invalid_token AccessDenied":      "invalid_token AccessDenied",
		"Xy12345678longer and Xy12345678": "[REDACTED] and [REDACTED]",
		"":                                "",
	} {
		if got := fault.WithoutEchoes(text, said); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A provider writes both the answer and, by what it has had us send, what it repeats: the
// work on it grows with their length, and not with the product.
func BenchmarkWithoutEchoes(b *testing.B) {
	for _, kib := range []int{16, 64} {
		text, heard := manyWords("w", kib<<10), manyWords("z", kib<<10)
		b.Run(fmt.Sprint(kib, "KiB"), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				fault.WithoutEchoes(text, func() []string { return []string{heard} })
			}
		})
	}
}

func BenchmarkWithoutSecrets(b *testing.B) {
	secrets := []string{"s3cret-TOKEN-of-some-length", "another-one-that-is-longer-still", "user@fjord.example"}
	for name, text := range map[string]string{"URL": "https://api.example/v1/users/me", "64KiB": manyWords("w", 64<<10)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				fault.WithoutSecrets(text, secrets)
			}
		})
	}
}

func manyWords(prefix string, size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%s%07d ", prefix, i)
	}
	return b.String()
}

// Sixteen times as much takes about sixteen times as long, and not 256 times. What is
// measured is the best of several, on a machine that may be busy.
func TestS51_MaskingIsLinear(t *testing.T) {
	best := func(size int) time.Duration {
		text, heard := manyWords("w", size), manyWords("z", size)
		least := time.Hour
		for range 3 {
			start := time.Now()
			fault.WithoutEchoes(text, func() []string { return []string{heard} })
			fault.WithoutSecrets(text, []string{"s3cret-TOKEN", heard[:64]})
			least = min(least, time.Since(start))
		}
		return least
	}
	if small, large := best(16<<10), best(256<<10); large > 100*small {
		t.Errorf("16 KiB take %v, sixteen times as much %v", small, large)
	}
}
