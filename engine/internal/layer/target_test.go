package layer

import (
	"net/url"
	"testing"
)

// What a caller writes reaches the server in a target that servers take, and %2F stays
// what it is beside it.
func TestTargetsAreWellFormed(t *testing.T) {
	base, _ := url.Parse("https://api.fjord.test/v1")
	for given, want := range map[string]string{
		"/q?q=SELECT Id FROM Account":     "/v1/q?q=SELECT%20Id%20FROM%20Account",
		"/q?city=Zürich":                  "/v1/q?city=Z%C3%BCrich",
		"/projects/group%2Fübung":         "/v1/projects/group%2F%C3%BCbung",
		"/files/a%2Fb c":                  "/v1/files/a%2Fb%20c",
		"/files/a%2Fb":                    "/v1/files/a%2Fb",
		"/a b?page[size]=2&x=a%20b&y=a+b": "/v1/a%20b?page[size]=2&x=a%20b&y=a+b",
	} {
		u, err := url.Parse(given)
		if err != nil {
			t.Fatal(err)
		}
		target, err := resolve(base, u)
		if err != nil || target.RequestURI() != want {
			t.Errorf("%s: asked for %s, %v, want %s", given, target.RequestURI(), err, want)
		}
	}
}
