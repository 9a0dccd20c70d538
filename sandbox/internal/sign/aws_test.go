package sign

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

// TestAWSSuite checks the signatures of the published test suite with the code
// that judges the engine's.
func TestAWSSuite(t *testing.T) {
	data, err := os.ReadFile("../../../testdata/recorded/aws/sigv4-suite.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for text := range strings.SplitSeq(string(data), "\n== ") {
		if strings.HasPrefix(text, "#") {
			continue
		}
		head, body, _ := strings.Cut(text, "\n\n")
		lines := strings.Split(head, "\n")
		n++
		t.Run(lines[0], func(t *testing.T) {
			method, target, _ := strings.Cut(strings.TrimSuffix(lines[1], " HTTP/1.1"), " ")
			path, query, _ := strings.Cut(target, "?")
			r := &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}}
			for _, line := range lines[2:] {
				name, value, _ := strings.Cut(line, ":")
				r.Header.Add(name, value)
			}
			r.Host = r.Header.Get("Host")
			m := AWSHeader().FindStringSubmatch(r.Header.Get("Authorization"))
			if m == nil {
				t.Fatal("the header cannot be read")
			}
			a := &AWSRequest{Request: r, KeyID: m[1], date: m[2], region: m[3], service: m[4], headers: strings.Split(m[5], ";"), signature: m[6], time: r.Header.Get("X-Amz-Date")}
			p := judgeOf(t, &schema.Integration{})
			if ref := p.checkAWSPayload(a, []byte(strings.TrimSpace(body))); ref != nil {
				t.Fatal(ref.Reason)
			}
			asSent := !strings.HasSuffix(lines[0], "-normalized") || path == "/example space/"
			const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
			if !a.SignedWith(secret, asSent) {
				t.Errorf("the signature is not good over\n%s", a.canonical(asSent))
			}
			if a.SignedWith(secret+"x", asSent) {
				t.Error("another secret is as good")
			}
			a.Method = "PATCH"
			if a.SignedWith(secret, asSent) {
				t.Error("another method is as good")
			}
		})
	}
	if n < 25 {
		t.Errorf("%d vectors", n)
	}
}

// The sandbox says what is wrong with a signature.
func TestAWSRefusals(t *testing.T) {
	p := judgeOf(t, &schema.Integration{})
	now := p.Now().UTC().Format(awsTime)
	auth := func(date, headers string) string {
		return "AWS4-HMAC-SHA256 Credential=k/" + date + "/r/s/aws4_request, SignedHeaders=" + headers + ", Signature=" + strings.Repeat("0", 64)
	}
	for _, c := range []struct {
		name, want string
		header     map[string]string
	}{
		{"none", "one Authorization header", nil},
		{"another scheme", "is not AWS4-HMAC-SHA256", map[string]string{"Authorization": "Bearer x"}},
		{"no time", "not a time", map[string]string{"Authorization": auth("20260301", "host;x-amz-date")}},
		{"another day", "another day", map[string]string{"Authorization": auth("20010101", "host;x-amz-date"), "X-Amz-Date": now}},
		{"a late clock", "RequestTimeTooSkewed", map[string]string{"Authorization": auth("20010101", "host;x-amz-date"), "X-Amz-Date": "20010101T000000Z"}},
		{"out of order", "not in order", map[string]string{"Authorization": auth(now[:8], "x-amz-date;host"), "X-Amz-Date": now}},
		{"not covered", "content-type is not signed", map[string]string{"Authorization": auth(now[:8], "host;x-amz-date"), "X-Amz-Date": now, "Content-Type": "text/plain"}},
		{"not there", "it is not there", map[string]string{"Authorization": auth(now[:8], "host;x-amz-date;x-amz-meta-a"), "X-Amz-Date": now}},
		{"another body", "not the hash", map[string]string{"Authorization": auth(now[:8], "host;x-amz-content-sha256;x-amz-date"), "X-Amz-Date": now, "X-Amz-Content-Sha256": "00"}},
		{"no hash", "the body is not signed", map[string]string{"Authorization": auth(now[:8], "host;x-amz-content-sha256;x-amz-date"), "X-Amz-Date": now, "X-Amz-Content-Sha256": awsUnsigned}},
	} {
		r := &http.Request{Method: "GET", Host: "x.test", URL: &url.URL{Path: "/"}, Header: http.Header{}}
		for name, v := range c.header {
			r.Header.Set(name, v)
		}
		_, ref := p.ReadAWS(r, nil)
		if ref == nil || !strings.Contains(ref.Code+" "+ref.Reason, c.want) {
			t.Errorf("%s: got %+v, want %q", c.name, ref, c.want)
		}
	}
}
