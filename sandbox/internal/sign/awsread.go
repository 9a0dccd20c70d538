package sign

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

const (
	AwsAlgorithm = "AWS4-HMAC-SHA256"
	awsTime      = "20060102T150405Z"
	awsUnsigned  = "UNSIGNED-PAYLOAD"

	CodeSkewed = "RequestTimeTooSkewed"
)

// An AWSRequest is a request with an AWS Signature Version 4 that is still to be
// checked.
type AWSRequest struct {
	*http.Request
	KeyID, date, region, service string
	headers                      []string // those that are signed
	signature                    string
	time                         string // X-Amz-Date
	payload                      string // as the canonical request has it
}

var AWSHeader = lazyregexp.New(`^AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`)

// ReadAWS reads the Authorization header and what goes with it.
func (j *Judge) ReadAWS(r *http.Request, body []byte) (*AWSRequest, *message.Refusal) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return nil, message.Refused(403, "MissingAuthenticationToken", "there must be one Authorization header, and there are %d", len(headers))
	}
	m := AWSHeader().FindStringSubmatch(headers[0])
	if m == nil {
		return nil, message.Refused(400, "IncompleteSignature", "the Authorization header is not %s with Credential, SignedHeaders and Signature", AwsAlgorithm)
	}
	a := &AWSRequest{Request: r, KeyID: m[1], date: m[2], region: m[3], service: m[4], headers: strings.Split(m[5], ";"), signature: m[6], time: r.Header.Get("X-Amz-Date")}
	for _, check := range []func(*AWSRequest, []byte) *message.Refusal{j.checkAWSTime, j.checkAWSHeaders, j.checkAWSPayload} {
		if ref := check(a, body); ref != nil {
			return nil, ref
		}
	}
	return a, nil
}

func (j *Judge) checkAWSTime(a *AWSRequest, _ []byte) *message.Refusal {
	at, err := time.Parse(awsTime, a.time)
	switch off := j.Now().Sub(at); {
	case err != nil:
		return message.Refused(400, "IncompleteSignature", "X-Amz-Date is not a time like %s", awsTime)
	case !strings.HasPrefix(a.time, a.date):
		return message.Refused(403, "SignatureDoesNotMatch", "the scope is of another day than X-Amz-Date")
	case off > match.ClockSkew || off < -match.ClockSkew:
		return message.Refused(403, CodeSkewed, "X-Amz-Date is not within %s of the time here", match.ClockSkew)
	}
	return nil
}

// checkAWSHeaders holds that what must be signed is, and that the list is in order.
func (j *Judge) checkAWSHeaders(a *AWSRequest, _ []byte) *message.Refusal {
	if !sort.StringsAreSorted(a.headers) || len(slices.Compact(slices.Clone(a.headers))) != len(a.headers) {
		return message.Refused(400, "IncompleteSignature", "SignedHeaders are not in order")
	}
	must := []string{"host", "x-amz-date"}
	for name := range a.Header {
		if lower := strings.ToLower(name); lower == "content-type" || strings.HasPrefix(lower, "x-amz-") {
			must = append(must, lower)
		}
	}
	for _, name := range must {
		if !slices.Contains(a.headers, name) {
			return message.Refused(403, "SignatureDoesNotMatch", "the header %s is not signed", name)
		}
	}
	for _, name := range a.headers {
		if name != "host" && name != "content-length" && a.Header.Get(name) == "" {
			return message.Refused(403, "SignatureDoesNotMatch", "the header %s is signed, and it is not there", name)
		}
	}
	return nil
}

// checkAWSPayload compares the hash that is signed with the body.
func (j *Judge) checkAWSPayload(a *AWSRequest, body []byte) *message.Refusal {
	sum := sha256.Sum256(body)
	hash, told := hex.EncodeToString(sum[:]), a.Header.Get("X-Amz-Content-Sha256")
	a.payload = hash
	switch told {
	case "", hash:
		return nil
	case awsUnsigned:
		if spec := j.Integration.Auth.AWS; spec == nil || spec.SignsPayload() {
			return message.Refused(403, "SignatureDoesNotMatch", "the body is not signed; auth.aws.sign_payload says that it is")
		}
		a.payload = awsUnsigned
		return nil
	}
	return message.Refused(400, "XAmzContentSHA256Mismatch", "X-Amz-Content-Sha256 is not the hash of the body")
}
