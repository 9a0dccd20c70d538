package form

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every pair is kept, whatever stands in it.
func TestParseKeepsEveryPair(t *testing.T) {
	for text, want := range map[string]url.Values{
		"":                        {},
		"code=ab;cd&state=s":      {"code": {"ab;cd"}, "state": {"s"}},
		"code=100%&state=s":       {"code": {"100%"}, "state": {"s"}},
		"code=%zz%4&a=%4a%4A%2B":  {"code": {"%zz%4"}, "a": {"JJ+"}},
		"&a=1&&a=2&b&=c&d=x=y+z&": {"a": {"1", "2"}, "b": {""}, "": {"c"}, "d": {"x=y z"}},
		"a;b=1":                   {"a;b": {"1"}},
	} {
		if diff := cmp.Diff(want, Parse(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// What net/url takes without an error is read as net/url reads it.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a=1&b=2", "a=%zz", "a;b", "a+b=%20", "%", "=&="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := url.ParseQuery(text)
		got := Parse(text)
		if err == nil && !cmp.Equal(want, got) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}
