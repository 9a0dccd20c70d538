package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/nango-lite/nango-lite/loader"
)

func TestPagesAreInStep(t *testing.T) {
	for name, write := range pages {
		want, err := write("../../..")
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("docs/%s is out of step with the schema or the blueprints: run go generate ./docs/...\n(-want +got):\n%s", name, diff)
		}
	}
}

// A key that nobody uses has a word about whom it is for, its own or that of what it is part of.
func TestClosest(t *testing.T) {
	words := map[string]string{"auth.aws": "x", "auth.aws.role.id": "y"}
	for path, want := range map[string]string{"auth.aws": "auth.aws", "auth.aws.role": "auth.aws", "auth.aws.role.id": "auth.aws.role.id", "auth.awsome": "", "auth": ""} {
		if got := closest(words, path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// The examples of the reference are what users copy.
func TestExamplesLoad(t *testing.T) {
	examples, err := fs.Sub(files, "examples")
	if err != nil {
		t.Fatal(err)
	}
	pair := keyWithCertificate(t)
	opts := &loader.Options{
		Catalog:   loader.NewCatalog(examples),
		LookupEnv: func(name string) (string, bool) { return "text of " + name, true },
		ReadFile: func(name string) ([]byte, error) {
			if path.Ext(name) == ".pem" {
				return pair, nil
			}
			return []byte("text of a file"), nil
		},
	}
	load := func(name, yaml string, opts *loader.Options) {
		t.Helper()
		_, diags := loader.LoadBytes(context.Background(), name, []byte(yaml), opts)
		if err := diags.Err(); err != nil {
			t.Errorf("%s does not load:\n%v", name, err)
		}
	}
	load("v0", "integrations: {harbour: {extends_blueprint: harbour:v0}}", opts)
	load("v1", "integrations: {harbour: {extends_blueprint: harbour:v1}}", opts)

	file, err := fs.ReadFile(examples, "integrations.yaml")
	if err != nil {
		t.Fatal(err)
	}
	opts.Catalog = nil // Notion's blueprint is bundled
	load("integrations.yaml", string(file), opts)
}

// keyWithCertificate returns one text that is a private key and its certificate.
func keyWithCertificate(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})...)
}

func TestProse(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                              "plain",
		"a '*' means any; $ alone":           "a `*` means any; $ alone",
		"the user's ${connection.<name>} it": "the user's `${connection.<name>}` it",
		"a <b> and 2 * 3":                    `a \<b> and 2 \* 3`,
		"as 'POST /v1/search'.":              "as `POST /v1/search`.",
		"that mean 'too many requests'":      "that mean 'too many requests'",
	} {
		if got := prose(text); got != want {
			t.Errorf("prose(%q) = %q, want %q", text, got, want)
		}
	}
}

// realDefinitions reads those of the schema.
func realDefinitions(t *testing.T) (text []byte, defs *definitions) {
	t.Helper()
	text, err := os.ReadFile("../../../schema/definitions.json")
	if err == nil {
		defs, err = parseDefinitions(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text, defs
}

// A mode that no blueprint uses is an error of the generator, and so is a key.
func TestUnusedIsAnError(t *testing.T) {
	data, defs := realDefinitions(t)
	if err := writeModes(new(bytes.Buffer), nil, defs); err == nil || !strings.Contains(err.Error(), "no blueprint uses the mode OAUTH2") {
		t.Errorf("modes: got %v", err)
	}
	root := t.TempDir()
	for name, text := range map[string][]byte{"schema/definitions.json": data, "blueprints/acme.yaml": []byte("versions: {v0: {auth: {auth_mode: NONE}}}")} {
		if err := os.MkdirAll(path.Join(root, path.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path.Join(root, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Keys(root); err == nil || !strings.Contains(err.Error(), "no blueprint uses") {
		t.Errorf("keys: got %v", err)
	}
}

// The keys of a condition count wherever it stands, and those of a single path's list as
// those of all lists.
func TestKeysThatAreListedOnce(t *testing.T) {
	_, defs := realDefinitions(t)
	var sections map[string]yaml.Node
	if err := yaml.Unmarshal([]byte(`
auth: {refresh_on: [{status: 403, body: {error.message: {prefix: x}}}]}
requests: {headers: {status: "1"}, pagination: {paths: {/users: {link: {rel: next}}}}}
`), &sections); err != nil {
		t.Fatal(err)
	}
	users, err := usersOfKeys([]version{{"acme", sections}}, defs)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"auth.refresh_on", "condition.body", "condition.body.prefix", "condition.status",
		"requests.headers", "requests.pagination", "requests.pagination.link", "requests.pagination.link.rel", "requests.pagination.paths"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(users))); diff != "" {
		t.Errorf("keys that are used (-want +got):\n%s", diff)
	}
}
