package oauthwire

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// A Token is what an answer grants.
type Token struct {
	AccessToken  string
	RefreshToken string // empty: the answer has none
	TokenType    string
	ExpiresAt    time.Time // zero: the answer says nothing of use
	EndUnread    string    // the path of an end that is stated and cannot be read; empty: there is none
	Scopes       []string  // nil: the answer says nothing
	Secondary    map[string]Token
}

// Read takes the token out of a successful answer, as r says it is shaped. It
// returns false if there is no access token where there should be one. A nil r
// means RFC 6749 5.1.
func Read(a *Answer, r *schema.TokenResponse, now time.Time) (Token, bool) {
	if r == nil {
		r = &schema.TokenResponse{}
	}
	access, _ := schema.TextAt(map[string]any(a.Doc), or(r.AccessToken, "access_token"))
	if access == "" {
		return Token{}, false
	}
	t := Token{AccessToken: access}
	t.RefreshToken, _ = schema.TextAt(map[string]any(a.Doc), or(r.RefreshToken, "refresh_token"))
	t.TokenType, _ = schema.TextAt(map[string]any(a.Doc), "token_type")
	expires := schema.Expires{Path: "expires_in"}
	if r.Expires != nil {
		expires = *r.Expires
	}
	var read bool
	if t.ExpiresAt, read = readExpiry(a.Doc, expires, now); !read {
		t.EndUnread = expires.Path
	}
	t.Scopes = readScopes(a.Doc, or(r.Scope, "scope"))
	for name, s := range r.Secondary {
		second, _ := schema.TextAt(map[string]any(a.Doc), s.AccessToken)
		if second == "" {
			continue
		}
		if t.Secondary == nil {
			t.Secondary = map[string]Token{}
		}
		refresh := ""
		if s.RefreshToken != "" {
			refresh, _ = schema.TextAt(map[string]any(a.Doc), s.RefreshToken)
		}
		t.Secondary[name] = Token{AccessToken: second, RefreshToken: refresh}
	}
	return t, true
}

// RefreshToken returns the refresh token of an answer that [Read] may have no use
// for, or "".
func RefreshToken(a *Answer, r *schema.TokenResponse) string {
	path := "refresh_token"
	if r != nil {
		path = or(r.RefreshToken, path)
	}
	text, _ := schema.TextAt(map[string]any(a.Doc), path)
	return text
}

func or(s, byDefault string) string {
	if s == "" {
		return byDefault
	}
	return s
}

// readExpiry returns the end that the answer states, or the zero time if it
// states none: absent, null, false, or a number of 0 or below, by which servers mean
// "never": 0, -1 and the year 1 are what their programs have for no value. Numbers may come as text and with
// a fraction (PayPal and others). read is false if there is something, and it is
// neither a number nor a date.
func readExpiry(doc map[string]any, e schema.Expires, now time.Time) (end time.Time, read bool) {
	v, ok := schema.At(doc, e.Path)
	if !ok || v == nil || v == false {
		return time.Time{}, true
	}
	text, ok := schema.TextAt(doc, e.Path)
	text = strings.TrimSpace(text)
	if !ok || text == "" {
		return time.Time{}, ok
	}
	if e.Kind == "at" {
		if t, ok := readDate(text); ok {
			if t.Year() <= 1 {
				t = time.Time{}
			}
			return t, true
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) {
		return time.Time{}, false
	}
	if n <= 0 {
		return time.Time{}, true
	}
	return endOf(n, e, now), true
}

// readDate reads a date of RFC 3339 (5.6 allows small letters and a space), of ISO 8601
// without a colon in the offset or without an offset, which then is UTC, in its short
// form, with UTC or GMT for Z, of HTTP (RFC 9110 5.6.7), mail and Unix, and of .NET's
// JSON. What has day and month in an order that one has to know is not read.
func readDate(text string) (time.Time, bool) {
	upper := strings.ToUpper(text)
	if ms, ok := strings.CutPrefix(strings.TrimSuffix(upper, ")/"), "/DATE("); ok {
		if at := strings.LastIndexAny(ms, "+-"); at > 0 {
			ms = ms[:at] // an offset for showing; the number counts from 1970 all the same
		}
		n, err := strconv.ParseInt(ms, 10, 64)
		return time.UnixMilli(n).UTC(), err == nil
	}
	if t, ok := parseDate(upper); ok {
		return t, true
	}
	for _, zone := range []string{"UTC", "GMT"} {
		if bare, ok := strings.CutSuffix(upper, zone); ok {
			return parseDate(strings.TrimSpace(bare) + "Z")
		}
	}
	return time.Time{}, false
}

func parseDate(upper string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05",
		"20060102T150405Z0700", "20060102T150405", "2006/01/02 15:04:05", "2006/01/02 15:04:05Z0700",
		http.TimeFormat, time.RFC850, time.ANSIC, "Mon Jan _2 15:04:05 UTC 2006", "Mon Jan _2 15:04:05 GMT 2006", time.RFC1123Z, "2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 -0700",
	} {
		if t, err := time.Parse(layout, upper); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// endOf returns the end that a number states, or the zero time if that is too far away
// to be one.
func endOf(n float64, e schema.Expires, now time.Time) time.Time {
	if e.Unit == "ms" {
		n /= 1000
	}
	const farAway = 1e11 // seconds: some three thousand years, beyond which Duration and dates overflow
	if n > farAway {
		return time.Time{}
	}
	if e.Kind == "at" {
		return time.Unix(0, 0).UTC().Add(seconds(n))
	}
	return now.Add(seconds(n))
}

// seconds converts without overflow: what does not fit is clamped to about 290
// years.
func seconds(n float64) time.Duration {
	const most = float64(math.MaxInt64) / float64(time.Second)
	return time.Duration(min(max(n, -most), most*0.99) * float64(time.Second))
}

// readScopes reads what was granted. Servers separate by space or comma, not
// always as in the request (GitHub), or send a list.
func readScopes(doc map[string]any, path string) []string {
	v, ok := schema.At(map[string]any(doc), path)
	if !ok {
		return nil
	}
	if list, ok := v.([]any); ok {
		scopes := []string{}
		for _, s := range list {
			if text, ok := s.(string); ok {
				scopes = append(scopes, text)
			}
		}
		return scopes
	}
	text, ok := v.(string)
	if !ok {
		return nil
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
}

// ErrorCode returns the code with which the answer reports a failure, and
// whether it does: by status, by an error member whatever the status (RFC 6749
// 5.2; GitHub and Slack answer 200), or by the conditions of r, which matches
// evaluates.
func ErrorCode(a *Answer, r *schema.TokenResponse, matches func(schema.Condition) bool) (code string, failed bool) {
	path := "error"
	if r != nil && r.ErrorCode != "" {
		path = r.ErrorCode
	}
	code, _ = schema.TextAt(map[string]any(a.Doc), path)
	if code == "" { // {"error": {"code": …}} and the like
		code, _ = schema.TextAt(map[string]any(a.Doc), path+".code")
	}
	switch {
	case a.Status < 200 || a.Status > 299:
		return code, true
	case r != nil && r.Error != nil && matches(*r.Error):
		return code, true
	case r != nil && r.Success != nil:
		return code, !matches(*r.Success)
	case r != nil && r.Error != nil:
		return code, false
	}
	return code, code != "" && code != "0" && code != "false"
}
