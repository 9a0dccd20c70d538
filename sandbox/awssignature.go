package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"
)

const (
	awsAlgorithm = "AWS4-HMAC-SHA256"
	awsTime      = "20060102T150405Z"
	awsUnsigned  = "UNSIGNED-PAYLOAD"

	codeSkewed = "RequestTimeTooSkewed"
)

// An awsRequest is a request with an AWS Signature Version 4 that is still to be
// checked.
type awsRequest struct {
	*http.Request
	keyID, date, region, service string
	headers                      []string // that are signed
	signature                    string
	time                         string // X-Amz-Date
	payload                      string // as the canonical request has it
}

var awsHeader = lazy(`^AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`)

// readAWS reads the Authorization header and what goes with it.
func (p *Provider) readAWS(r *http.Request, body []byte) (*awsRequest, *refusal) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return nil, refused(403, "MissingAuthenticationToken", "there must be one Authorization header, and there are %d", len(headers))
	}
	m := awsHeader().FindStringSubmatch(headers[0])
	if m == nil {
		return nil, refused(400, "IncompleteSignature", "the Authorization header is not %s with Credential, SignedHeaders and Signature", awsAlgorithm)
	}
	a := &awsRequest{Request: r, keyID: m[1], date: m[2], region: m[3], service: m[4], headers: strings.Split(m[5], ";"), signature: m[6], time: r.Header.Get("X-Amz-Date")}
	for _, check := range []func(*awsRequest, []byte) *refusal{p.checkAWSTime, p.checkAWSHeaders, p.checkAWSPayload} {
		if ref := check(a, body); ref != nil {
			return nil, ref
		}
	}
	return a, nil
}

func (p *Provider) checkAWSTime(a *awsRequest, _ []byte) *refusal {
	at, err := time.Parse(awsTime, a.time)
	switch off := p.now().Sub(at); {
	case err != nil:
		return refused(400, "IncompleteSignature", "X-Amz-Date is not a time like %s", awsTime)
	case !strings.HasPrefix(a.time, a.date):
		return refused(403, "SignatureDoesNotMatch", "the scope is of another day than X-Amz-Date")
	case off > clockSkew || off < -clockSkew:
		return refused(403, codeSkewed, "X-Amz-Date is not within %s of the time here", clockSkew)
	}
	return nil
}

// checkAWSHeaders holds that what must be signed is, and that the list is in order.
func (p *Provider) checkAWSHeaders(a *awsRequest, _ []byte) *refusal {
	if !sort.StringsAreSorted(a.headers) || len(slices.Compact(slices.Clone(a.headers))) != len(a.headers) {
		return refused(400, "IncompleteSignature", "SignedHeaders are not in order")
	}
	must := []string{"host", "x-amz-date"}
	for name := range a.Header {
		if lower := strings.ToLower(name); lower == "content-type" || strings.HasPrefix(lower, "x-amz-") {
			must = append(must, lower)
		}
	}
	for _, name := range must {
		if !slices.Contains(a.headers, name) {
			return refused(403, "SignatureDoesNotMatch", "the header %s is not signed", name)
		}
	}
	for _, name := range a.headers {
		if name != "host" && name != "content-length" && a.Header.Get(name) == "" {
			return refused(403, "SignatureDoesNotMatch", "the header %s is signed, and it is not there", name)
		}
	}
	return nil
}

// checkAWSPayload compares the hash that is signed with the body.
func (p *Provider) checkAWSPayload(a *awsRequest, body []byte) *refusal {
	sum := sha256.Sum256(body)
	hash, told := hex.EncodeToString(sum[:]), a.Header.Get("X-Amz-Content-Sha256")
	a.payload = hash
	switch told {
	case "", hash:
		return nil
	case awsUnsigned:
		if spec := p.integration.Auth.AWS; spec == nil || spec.SignsPayload() {
			return refused(403, "SignatureDoesNotMatch", "the body is not signed; auth.aws.sign_payload says that it is")
		}
		a.payload = awsUnsigned
		return nil
	}
	return refused(400, "XAmzContentSHA256Mismatch", "X-Amz-Content-Sha256 is not the hash of the body")
}

// signedWith reports whether the signature is the one that secret makes.
func (a *awsRequest) signedWith(secret string, unescapedPath bool) bool {
	scope := strings.Join([]string{a.date, a.region, a.service, "aws4_request"}, "/")
	request := sha256.Sum256([]byte(a.canonical(unescapedPath)))
	text := strings.Join([]string{awsAlgorithm, a.time, scope, hex.EncodeToString(request[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{a.date, a.region, a.service, "aws4_request", text} {
		key = hmac256(key, part)
	}
	return same(a.signature, hex.EncodeToString(key))
}

func hmac256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// canonical is the canonical request.
func (a *awsRequest) canonical(unescapedPath bool) string {
	var b strings.Builder
	path := awsEscape(withoutDots(pathOf(a.Request)), "/")
	if unescapedPath {
		segments := strings.Split(pathOf(a.Request), "/")
		for i := range segments {
			segments[i] = awsEscape(queryText(segments[i]), "")
		}
		path = strings.Join(segments, "/")
	}
	b.WriteString(a.Method + "\n" + path + "\n" + awsQuery(a.URL.RawQuery) + "\n")
	for _, name := range a.headers {
		values := slices.Clone(a.Header.Values(name))
		if name == "host" {
			values = []string{hostOf(a.Request)}
		}
		for i := range values {
			values[i] = strings.TrimSpace(spaces().ReplaceAllString(values[i], " "))
		}
		b.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	b.WriteString("\n" + strings.Join(a.headers, ";") + "\n" + a.payload)
	return b.String()
}

var spaces = lazy(` +`)

// awsQuery sorts the pairs of a query by their escaped text.
func awsQuery(raw string) string {
	var pairs [][2]string
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		pairs = append(pairs, [2]string{awsEscape(queryText(name), ""), awsEscape(queryText(value), "")})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	var parts []string
	for _, pair := range pairs {
		parts = append(parts, pair[0]+"="+pair[1])
	}
	return strings.Join(parts, "&")
}

// queryText decodes a piece of a query. A plus sign stands for itself: a client that
// means a space has to write %20.
func queryText(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// awsEscape leaves the unreserved characters of RFC 3986 and those of more as they
// are.
func awsEscape(s, more string) string {
	var b bytes.Buffer
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("-._~"+more, c) >= 0:
			b.WriteByte(c)
		default:
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// withoutDots leaves out empty segments, and follows those of dots.
func withoutDots(path string) string {
	var kept []string
	parts := strings.Split(path, "/")
	for _, part := range parts {
		switch part {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, part)
		}
	}
	out := "/" + strings.Join(kept, "/")
	if last := parts[len(parts)-1]; len(kept) > 0 && (last == "" || last == "." || last == "..") {
		out += "/"
	}
	return out
}
