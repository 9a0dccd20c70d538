package sigv4

import (
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// only are the headers of a vector.
type only []string

func (o only) IsSigned(name string) bool { return slices.Contains(o, name) }

// A vector is one of the suite's signed requests.
type vector struct {
	name, method, target, body string
	header                     http.Header
}

func vectors(t *testing.T) (list []vector) {
	t.Helper()
	data, err := os.ReadFile("../../../testdata/recorded/aws/sigv4-suite.txt")
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.SplitSeq(string(data), "\n== ") {
		head, body, _ := strings.Cut(text, "\n\n")
		lines := strings.Split(head, "\n")
		if strings.HasPrefix(text, "#") {
			continue
		}
		v := vector{name: lines[0], header: http.Header{}, body: strings.TrimSpace(body)}
		v.method, v.target, _ = strings.Cut(strings.TrimSuffix(lines[1], " HTTP/1.1"), " ")
		for _, line := range lines[2:] {
			name, value, _ := strings.Cut(line, ":")
			v.header.Add(textproto.CanonicalMIMEHeaderKey(name), value)
		}
		list = append(list, v)
	}
	return list
}

// TestAWSSuite goes through the published test suite. What it calls unnormalized is
// signed as S3 wants it; a path that is to be escaped once is as well.
func TestAWSSuite(t *testing.T) {
	list := vectors(t)
	if len(list) < 25 {
		t.Fatalf("%d vectors", len(list))
	}
	for _, v := range list {
		t.Run(v.name, func(t *testing.T) {
			path, query, _ := strings.Cut(v.target, "?")
			want := v.header.Get("Authorization")
			_, names, _ := strings.Cut(want, "SignedHeaders=")
			names, _, _ = strings.Cut(names, ",")
			r := &http.Request{Method: v.method, Host: v.header.Get("Host"), URL: &url.URL{Scheme: "https", Host: v.header.Get("Host"), Path: path, RawQuery: query}, Header: v.header.Clone()}
			for _, name := range append(added, "Host") {
				r.Header.Del(name)
			}
			payload, _ := Hash(strings.NewReader(v.body))
			at, err := time.Parse("20060102T150405Z", v.header.Get("X-Amz-Date"))
			if err != nil {
				t.Fatal(err)
			}
			s := &Signature{
				AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", SessionToken: v.header.Get("X-Amz-Security-Token"),
				Service: "service", Region: "us-east-1", Time: at, Payload: payload,
				UnescapedPath: !strings.HasSuffix(v.name, "-normalized") || path == "/example space/",
			}
			if err := s.sign(r, only(strings.Split(names, ";")), v.header.Get("X-Amz-Content-Sha256") != ""); err != nil {
				t.Fatal(err)
			}
			for _, name := range added {
				if got, want := r.Header.Get(name), v.header.Get(name); got != want {
					t.Errorf("%s:\n got %q\nwant %q", name, got, want)
				}
			}
		})
	}
}

// TestS3Examples are those of the page on authenticating in the header:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
func TestS3Examples(t *testing.T) {
	for _, example := range []struct{ name, method, target, body, header, value, signed, signature string }{
		{"get object", "GET", "/test.txt", "", "Range", "bytes=0-9", "host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"put object", "PUT", "/test%24file.text", "Welcome to Amazon S3.", "Date", "Fri, 24 May 2013 00:00:00 GMT", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
		{"put object, with the name as people write it", "PUT", "/test$file.text", "Welcome to Amazon S3.", "Date", "Fri, 24 May 2013 00:00:00 GMT", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
		{"get bucket lifecycle", "GET", "/?lifecycle", "", "", "", "host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"list objects", "GET", "/?max-keys=2&prefix=J", "", "", "", "host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	} {
		t.Run(example.name, func(t *testing.T) {
			r, err := http.NewRequest(example.method, "https://examplebucket.s3.amazonaws.com"+example.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			if example.header != "" {
				r.Header.Set(example.header, example.value)
			}
			if example.method == "PUT" {
				r.Header.Set("X-Amz-Storage-Class", "REDUCED_REDUNDANCY")
			}
			payload, _ := Hash(strings.NewReader(example.body))
			s := &Signature{
				AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Service: "s3", Region: "us-east-1",
				Time: time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC), Payload: payload, UnescapedPath: true,
			}
			if err := s.sign(r, only(strings.Split(example.signed, ";")), true); err != nil {
				t.Fatal(err)
			}
			if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, "SignedHeaders="+example.signed+", Signature="+example.signature) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// What stands in the query is sent as it is signed, and nothing of an earlier
// attempt is left.
func TestSignSendsWhatItSigns(t *testing.T) {
	r, _ := http.NewRequest("GET", "https://x.test/a?b=a+b&a=%7e&&c", nil)
	r.Header = http.Header{"X-Amz-Security-Token": {"old"}, "Authorization": {"old"}, "Accept": {"*/*"}}
	was := r.URL
	payload, _ := Hash(nil)
	s := &Signature{AccessKeyID: "k", SecretAccessKey: "s", Service: "x", Region: "y", Time: time.Unix(0, 0), Payload: payload}
	if err := s.Sign(r); err != nil {
		t.Fatal(err)
	}
	if r.URL.RawQuery != "a=~&b=a%20b&c=" || was.RawQuery == r.URL.RawQuery {
		t.Errorf("query %q, was %q", r.URL.RawQuery, was.RawQuery)
	}
	if r.Header.Get("X-Amz-Security-Token") != "" || r.Header.Get("Host") != "" || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=k/19700101/y/x/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, ") {
		t.Errorf("headers %v", r.Header)
	}
	if got := r.Header.Get("X-Amz-Content-Sha256"); got != hex.EncodeToString(payload) {
		t.Errorf("payload %s", got)
	}
}

// S3 signs the name of an object with all but the unreserved characters escaped, once,
// however it was written on the way (RFC 3986 2.3).
func TestSignSendsThePathThatItSigns(t *testing.T) {
	for path, want := range map[string]string{
		"/a(1)+b=c@d!.txt":     "/a%281%29%2Bb%3Dc%40d%21.txt",
		"/a%20b//./%e1%88%b4/": "/a%20b//./%E1%88%B4/",
		"/a%2fb/~x":            "/a%2Fb/~x",
	} {
		r, _ := http.NewRequest("GET", "https://x.test"+path, nil)
		s := &Signature{AccessKeyID: "k", SecretAccessKey: "s", Service: "s3", Region: "y", Time: time.Unix(0, 0), Payload: Unsigned, UnescapedPath: true}
		if err := s.Sign(r); err != nil || r.URL.EscapedPath() != want {
			t.Errorf("%s: sent as %s, %v; want %s", path, r.URL.EscapedPath(), err, want)
		}
	}
}

func TestSignRefusesAQueryOfTwoMeanings(t *testing.T) {
	for _, query := range []string{"a=1;b=2", "a=%zz"} {
		r := &http.Request{Method: "GET", URL: &url.URL{Scheme: "https", Host: "x.test", Path: "/", RawQuery: query}, Header: http.Header{}}
		if err := (&Signature{}).Sign(r); !errors.Is(err, ErrQuery) || r.Header.Get("Authorization") != "" {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestHashPassesErrorsOn(t *testing.T) {
	if _, err := Hash(io.MultiReader(strings.NewReader("x"), broken{})); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
