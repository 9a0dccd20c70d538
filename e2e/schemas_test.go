package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The bill of materials of a release is what the schema of CycloneDX says, which refuses
// what it does not know.
func TestBillOfMaterialsByItsSchema(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	const sbom = "../.ci/sbom.go"
	readFile(t, sbom) // go test keeps a result until what a test has read changes
	bill := start(t, ".", os.Environ(), "go", "run", sbom, "v0.0.0", program).end()
	if bill.code != 0 {
		t.Fatal(bill.stderr)
	}
	bySchema(t, "cyclonedx", bill.stdout, [][2]string{
		{`"bom-ref": "pkg:golang/std@`, `"bom-reference": "pkg:golang/std@`},
		{`"type": "application"`, `"type": "program"`},
		{`"alg": "SHA-256"`, `"alg": "SHA256"`},
		{`"version": 1,`, `"version": "1",`},
		{`"name": "std"`, `"title": "std"`},
	})
}

// The manifest is what the OpenAPI schemas of Kubernetes say, which know what is required,
// and which words and numbers a field takes. That no field is misspelled, they do not
// notice: .ci/tools/deploy does.
func TestKubernetesManifestByItsSchema(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	bySchema(t, "kubernetes", readFile(t, "../deploy/kubernetes.yaml"), [][2]string{
		{"    selector:\n        matchLabels", "    chooser:\n        matchLabels"},
		{"whenUnsatisfiable: ScheduleAnyway", "whenUnsatisfiable: Perhaps"},
		{"pathType: Prefix", ""},
		{"containerPort: 3003", "containerPort: http"},
		{"- name: nango-lite\n                  image", "- image"},
		{"memory: 64Mi", "memory: much"},
	})
}

// bySchema holds a text against a schema, and sees that each of the mistakes is one.
func bySchema(t *testing.T, format, text string, mistakes [][2]string) {
	t.Helper()
	texts := []string{text}
	for _, m := range mistakes {
		if !strings.Contains(text, m[0]) {
			t.Fatalf("the text has no %q", m[0])
		}
		texts = append(texts, strings.Replace(text, m[0], m[1], 1))
	}
	dir, args := t.TempDir(), []string{format}
	for i, text := range texts {
		file := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	out := startNode(t, nil, "schemas.mjs", args...).end()
	faults := strings.Split(strings.TrimSpace(out.stdout), "\n")
	if out.code != 0 || len(faults) != len(texts) {
		t.Fatalf("exit %d\n%s%s", out.code, out.stdout, out.stderr)
	}
	if faults[0] != "[]" {
		t.Errorf("what we ship is not by its schema: %s", faults[0])
	}
	for i, m := range mistakes {
		t.Logf("%q: %s", m[1], faults[i+1])
		if faults[i+1] == "[]" {
			t.Errorf("the schema does not notice %q in place of %q", m[1], m[0])
		}
	}
}
