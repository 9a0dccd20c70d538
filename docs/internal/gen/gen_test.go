package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"math/big"
	"os"
	"path"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
