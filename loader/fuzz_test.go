package loader_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/loader"
)

// within fails a test whose f takes longer than a second: no file may be worth
// more than that.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	select {
	case r := <-done:
		if r != nil {
			t.Fatalf("panic: %v\n%q", r, what)
		}
	case <-time.After(time.Second):
		t.Fatalf("no end within a second: %q", what)
	}
}

const marker = "seeded-secret-5c1f"

// FuzzLoad: no file makes the loader panic, hang, find other things the next
// time, or quote what came from outside.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"valid/*.yaml", "invalid/*.yaml"} {
		paths, _ := filepath.Glob(filepath.Join(testdata, pattern))
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	opts := &loader.Options{Catalog: catalog, LookupEnv: func(string) (string, bool) { return marker, true }, ReadFile: readFile}
	f.Fuzz(func(t *testing.T, data []byte) {
		within(t, string(data), func() {
			cfg, ds := loader.LoadBytes(context.Background(), "i.yaml", data, opts)
			first := text(ds)
			if strings.Contains(first, marker) {
				t.Errorf("a value from outside is quoted: %s", first)
			}
			for _, d := range ds {
				if d.File == "i.yaml" && (d.Line < 1 || d.Column < 1 || d.Line > strings.Count(string(data), "\n")+1) && d.Code != "too-large" {
					t.Errorf("no such place: %s", d)
				}
			}
			if shown := fmt.Sprintf("%+v %v", cfg, ds); strings.Contains(shown, marker) && !strings.Contains(string(data), marker) {
				if strings.Contains(fmt.Sprint(ds), marker) {
					t.Errorf("a value from outside is printed: %s", shown)
				}
			}
			if _, again := loader.LoadBytes(context.Background(), "i.yaml", data, opts); text(again) != first {
				t.Errorf("another run found something else:\n%s\n%s", first, text(again))
			}
		})
	})
}

// FuzzSubstitute: whatever stands in a value or a variable, the loader ends, and
// a variable never becomes a placeholder.
func FuzzSubstitute(f *testing.F) {
	for _, text := range []string{"${A}", "$A", "$<A>", "${A:-x}", "$${A}", "${U:-$_}", "${A-$_", "${A${_", "${file:/run/secrets/acme}", "$$<A>{x}", "${connection.region || '${A}'}", "a$$${A}$"} {
		for _, value := range []string{"x", "${access_token}", "$", "{access_token}", "${'", "", "<YOUR KEY>"} {
			f.Add(text, value)
		}
	}
	f.Fuzz(func(t *testing.T, written, value string) {
		quoted := "'" + strings.ReplaceAll(written, "'", "''") + "'"
		data := "integrations:\n    a: {extends_blueprint: acme:v10, requests: {params: {x: " + quoted + "}}}\n    b: {extends_blueprint: keyed:v0, app_api_key: " + quoted + "}\n"
		opts := &loader.Options{Catalog: catalog, LookupEnv: func(string) (string, bool) { return value, true }, ReadFile: readFile}
		within(t, data, func() {
			cfg, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte(data), opts)
			a := cfg.Integrations["a"]
			if a == nil {
				if !ds.HasErrors() {
					t.Errorf("%q gives nothing and no error", written)
				}
				return
			}
			if !strings.Contains(written, "${") && !strings.Contains(written, "\n") {
				literal(t, a.Requests.Params["x"]) // has no placeholder to begin with
			}
		})
	})
}

// FuzzMerge: laying an integration over a blueprint never panics, never changes
// the blueprint, and laying nothing over it changes nothing.
func FuzzMerge(f *testing.F) {
	for _, over := range []string{"{}", "{auth: null}", "{requests: {headers: {authorization: x, X-Trace: null}}}", "{auth: {auth_mode: API_KEY}}",
		"{requests: {retries: {statuses: []}}, max_retries: 1}", "{connection: {region: {enum: [a]}}}", "{auth: {pkce: S256, token_response: {error: {body: {a: null}}}}}"} {
		f.Add(over)
	}
	const plain = "integrations:\n    a: {extends_blueprint: acme:v10}\n"
	want, _ := loader.LoadBytes(context.Background(), "i.yaml", []byte(plain), options())
	f.Fuzz(func(t *testing.T, over string) {
		over = strings.TrimSpace(over)
		if !strings.HasPrefix(over, "{") || strings.ContainsAny(over, "\n\r") {
			return
		}
		data := "integrations:\n    a: {extends_blueprint: acme:v10, " + over[1:] + "\n"
		within(t, data, func() {
			loader.LoadBytes(context.Background(), "i.yaml", []byte(data), options())
			got, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte(plain), options())
			if inForce(got, ds) != inForce(want, nil) {
				t.Errorf("after %q the blueprint is another", over)
			}
		})
	})
}
