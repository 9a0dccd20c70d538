package page

import (
	"regexp"

	"github.com/nango-lite/nango-lite/schema"
)

// A Test is one that go test runs.
type Test struct {
	Package string `json:"package"` // from the root of the repository, such as ./engine
	Name    string `json:"name"`    // as go test -run takes it, without ^ and $
}

// Command runs the test and no other.
func (t Test) Command() string {
	return "go test " + t.Package + " -run '^" + regexp.QuoteMeta(t.Name) + "$'"
}

func (t Test) String() string { return t.Package + " " + t.Name }

// behind are the tests of what every blueprint builds on, by row. A test holds
// that they exist.
var behind = map[string]Test{
	rowRefresh: {"./engine", "TestRefreshOnceForManyCallers"},
	rowLimit:   {"./engine", "TestDetection"},
	rowTimeout: {"./engine", "TestRetryMatrix"},
	rowAny:     {"./engine/internal/layer", "TestBaseURLResolves"},
	rowPages:   {"./sandbox", "TestPagination"},
	rowErrors:  {"./engine", "TestCheckResponse"},
	rowVerify:  {"./engine", "TestVerify"},
	rowRevoke:  {"./engine", "TestRevoke"},
	rowSandbox: {"./sandbox", "TestSamples"},
}

// behindMode are the tests of the authorization row.
var behindMode = map[schema.AuthMode]Test{
	schema.OAuth2:           {"./engine", "TestExchangeRequest"},
	schema.OAuth2CC:         {"./engine", "TestClientCredentials"},
	schema.TwoStep:          {"./engine", "TestLoginCall"},
	schema.APIKey:           {"./engine", "TestConnect"},
	schema.UsernamePassword: {"./engine", "TestConnectWithEmptyPassword"},
}

// testsOf names the tests behind a row.
func testsOf(_ string, v *schema.Version, r Row) []Test {
	out := []Test{}
	if r.State != Covered {
		return out
	}
	t := behind[r.Key]
	if r.Key == rowAuth {
		t = behindMode[v.Auth.AuthMode]
	}
	if t.Name != "" {
		out = append(out, t)
	}
	return out
}
