package page

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// A Test is one that go test runs.
type Test struct {
	Package string `json:"package"` // from the root of the repository, such as ./engine
	Name    string `json:"name"`    // of a test or, after a slash, of a subtest
}

// Command runs the test and no other.
func (t Test) Command() string {
	parts := strings.Split(t.Name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return "go test " + t.Package + " -run '" + strings.Join(parts, "/") + "'"
}

func (t Test) String() string { return t.Package + " " + t.Name }

// Bench reports whether it is a step of the bench.
func (t Test) Bench() bool { return t.Package == benchPackage }

// A proof of a row: a test of the engine or the sandbox, which holds for every
// blueprint, and the steps of the bench that play this one.
type proof struct {
	test  Test
	steps []string
}

// proofs are the tests behind each row. Tests hold that they exist, and that the
// steps pass.
var proofs = map[string]proof{
	rowAuth:    {Test{"./engine", "TestExchangeRequest"}, []string{"connect", "exchange"}},
	rowRefresh: {Test{"./engine", "TestRefreshOnceForManyCallers"}, []string{"expire", "refresh"}},
	rowLimit:   {Test{"./engine", "TestDetection"}, []string{"rate limit"}},
	rowTimeout: {Test{"./engine", "TestRetryMatrix"}, []string{"retry"}},
	rowAny:     {Test{"./engine/internal/layer", "TestBaseURLResolves"}, []string{"call"}},
	rowPages:   {Test{"./engine", "TestPaginate"}, []string{"page"}},
	rowErrors:  {Test{"./engine", "TestCheckResponse"}, []string{"errors"}},
	rowVerify:  {Test{"./engine", "TestVerify"}, []string{"verify"}},
	rowRevoke:  {Test{"./engine", "TestRevoke"}, []string{"revoke"}},
	rowSandbox: {Test{"./sandbox", "TestSamples"}, []string{"call"}},
}

// connecting are the proofs of the authorization row where nobody consents.
var connecting = map[schema.AuthMode]Test{
	schema.OAuth2CC:         {"./engine", "TestClientCredentials"},
	schema.TwoStep:          {"./engine", "TestLoginCall"},
	schema.SignedJWT:        {"./engine", "TestSignedToken"},
	schema.App:              {"./engine", "TestAppInstallation"},
	schema.OAuth1:           {"./engine", "TestOAuth1"},
	schema.TBA:              {"./engine", "TestTBA"},
	schema.AWSSigV4:         {"./engine", "TestAWSSignature"},
	schema.Signature:        {"./engine", "TestWSSE"},
	schema.APIKey:           {"./engine", "TestConnect"},
	schema.UsernamePassword: {"./engine", "TestConnectWithEmptyPassword"},
}

// Of ways that are not a mode of their own.
var (
	assuming  = Test{"./engine", "TestAssumeRole"}
	elsewhere = Test{"./engine", "TestDeviceInTheSandbox"}
)

// proofOf returns the proof of a row, if it is covered.
func proofOf(v *schema.Version, r Row) proof {
	if r.State != Covered {
		return proof{}
	}
	p := proofs[r.Key]
	if t, ok := connecting[v.Auth.AuthMode]; ok && r.Key == rowAuth {
		p = proof{t, []string{"connect"}}
	}
	if r.Key == rowAuth && v.Auth.AssumesRole() != nil {
		p.test = assuming
	}
	if r.Key == rowAuth && v.Auth.DeviceOnly() {
		p.test = elsewhere
	}
	if l := v.Requests.RateLimit; r.Key == rowLimit && l != nil && l.Budget != nil {
		p.steps = []string{"rate limit", "budget"}
	}
	if r.Key == rowPages && !hasList(v) {
		p.steps = nil
	}
	return p
}

// hasList reports whether a sample is a list that the bench walks: one that GET
// asks for.
func hasList(v *schema.Version) bool {
	return slices.ContainsFunc(v.Samples, func(s schema.Sample) bool {
		if s.Request == nil || s.Request.Method != "" && s.Request.Method != "GET" || s.Kind != "" && s.Kind != schema.SampleAPI {
			return false
		}
		list, _ := schema.At(s.Response.Body, v.Requests.Pagination.Items)
		items, _ := list.([]any)
		return len(items) > 0
	})
}

// The test that plays the bundled catalog. Its subtests are name:version/step.
const (
	benchPackage = "./internal/author/bench"
	benchTest    = "TestCatalog"
)

// stepTest is the subtest that plays a step of a version of the bundled catalog.
func stepTest(ref, step string) Test {
	return Test{benchPackage, benchTest + "/" + ref + "/" + strings.ReplaceAll(step, " ", "_")}
}

// isBundled reports whether v is what the program brings along under that name:
// that alone is what its tests have seen.
func isBundled(ref string, v *schema.Version) bool {
	c, _ := loader.Builtin()
	built, _ := c.Version(ref)
	return built != nil && reflect.DeepEqual(built, v)
}
