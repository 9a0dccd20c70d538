package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// aws4 of npm judges the signatures, as they come over the wire: of a service that
// escapes paths twice and leaves out empty segments, and of S3, which does neither.
func TestAWSSignatures(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	for _, c := range []struct {
		service, more string
		calls         [][]string
	}{
		{"execute-api", "", [][]string{
			{"/"}, {"/a b/x"}, {"/a%20b/%E1%88%B4"}, {"/a//b/"}, {"/a(1)b=c@d!.txt"}, {"/q?b=2&a=1&a=%20&A=&c=a%2Fb"}, {"/q?a=a+b"},
			{"POST", "/crates", "-d", `{"name": "tea"}`, "-H", "X-Amz-Target: Depot.Put", "-H", "X-Amz-Meta-A:   a   b "}, {"DELETE", "/crates/7"},
		}},
		{"s3", ", unescaped_path: true", [][]string{
			{"/a%20b/%E1%88%B4"}, {"/a//b/"}, {"/a(1)+b=c@d!.txt"}, {"/?list-type=2&prefix=a%2Fb&delimiter=%2F"}, {"/?acl"}, {"PUT", "/k", "-d", "x"},
		}},
	} {
		t.Run(c.service, func(t *testing.T) {
			t.Parallel()
			const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
			p := startNode(t, []string{"ACCESS_KEY_ID=AKIDEXAMPLE", "SECRET_ACCESS_KEY=" + secret, "SERVICE=" + c.service, "REGION=eu-west-1"}, "aws4.mjs")
			var ready struct{ URL string }
			if err := json.Unmarshal([]byte(p.line()), &ready); err != nil {
				t.Fatal(err)
			}
			n := install(t, strings.NewReplacer("SERVICE", c.service, "MORE", c.more, "URL", ready.URL).Replace(`integrations:
    depot:
        auth: {auth_mode: AWS_SIGV4, aws: {service: SERVICE, region: eu-west-1MORE}}
        requests: {base_url: URL}
`))
			n.must("connect", "depot", "--set", "access_key_id=AKIDEXAMPLE", "--set", "secret_access_key="+secret)
			for _, args := range c.calls {
				if out := n.run(append([]string{"call", "depot"}, args...)...); out.code != 0 || !strings.Contains(out.stdout, `"agrees":`) || strings.Contains(out.stdout, "false") {
					t.Errorf("%q: exit %d\n%s%s", args, out.code, out.stdout, out.stderr)
				}
			}
			n.must("connect", "depot", "--set", "access_key_id=AKIDEXAMPLE", "--set", "secret_access_key=another")
			if out := n.run("call", "depot", "/"); out.code == 0 {
				t.Error("another secret is as good")
			}
		})
	}
}
