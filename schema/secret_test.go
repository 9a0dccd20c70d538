package schema_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

const sesame = "open-sesame-7f3a"

// holder keeps secrets where fmt calls no methods.
type holder struct {
	hidden  schema.Secret
	pointer *schema.Secret
	list    []schema.Secret
	Open    schema.Secret
}

func newHolder() holder {
	s := schema.NewSecret(sesame)
	return holder{s, &s, []schema.Secret{s}, s}
}

// leaks reports the text in any of the forms that verbs give it.
func leaks(out string) bool {
	for _, form := range []string{sesame, fmt.Sprintf("%x", sesame), fmt.Sprintf("%X", sesame), fmt.Sprint([]byte(sesame)), "open-sesame"} {
		if strings.Contains(out, form) || strings.Contains(out, strings.Trim(form, "[]")) {
			return true
		}
	}
	return false
}

// TestSecretPrintsNothing is the table of ways out. A new one gets a row.
func TestSecretPrintsNothing(t *testing.T) {
	s := schema.NewSecret(sesame)
	h := newHolder()
	i := &schema.Integration{Name: "x", OAuthClientSecret: s, OAuthClientSecretPrevious: s, AppAPIKey: s,
		Auth:     schema.Auth{AuthMode: "OAUTH2", TokenParams: schema.Tree{"key": sesame}},
		Requests: schema.Requests{Headers: map[string]string{"X": sesame}}}
	config := &schema.Config{Integrations: map[string]*schema.Integration{"x": i}}
	values := map[string]any{"value": s, "pointer": &s, "holder": h, "holder pointer": &h, "slice": []schema.Secret{s},
		"map": map[string]schema.Secret{"k": s}, "key": map[schema.Secret]int{s: 1}, "any": []any{s}, "integration": i, "auth": i.Auth,
		"requests": i.Requests, "config": config, "config value": *config, "integration value": *i, "integrations": []schema.Integration{*i},
		"integration of a host": struct{ In schema.Integration }{*i}}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%b", "%o", "%c", "%U", "%e", "%g", "%10.3s", "%-5v", "%z"}
	for what, v := range values {
		for _, verb := range verbs {
			if out := fmt.Sprintf(verb, v); leaks(out) {
				t.Errorf("%s of a %s: %s", verb, what, out)
			}
		}
		for kind, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(handler(&b)).Info("x", "v", v, slog.Group("g", "v", v))
			if leaks(b.String()) {
				t.Errorf("slog %s of a %s: %s", kind, what, b.String())
			}
		}
		if err := fmt.Errorf("failed with %v", v); leaks(errors.Join(err).Error()) {
			t.Errorf("error with a %s: %v", what, err)
		}
	}
	for what, v := range values {
		if out, _ := json.Marshal(v); leaks(string(out)) {
			t.Errorf("JSON of a %s: %s", what, out)
		}
	}
	for what, v := range map[string]any{"value": s, "holder": h, "key": map[schema.Secret]int{s: 1}} { // gob carries, and does not show
		var b bytes.Buffer
		_ = gob.NewEncoder(&b).Encode(v)
		if leaks(b.String()) {
			t.Errorf("gob of a %s: %q", what, b.String())
		}
	}
}

// TestSecretInPanic runs itself, since a panic prints to stderr.
func TestSecretInPanic(t *testing.T) {
	switch os.Getenv("SECRET_PANIC") {
	case "value":
		panic(schema.NewSecret(sesame))
	case "holder":
		panic(newHolder())
	case "error":
		panic(fmt.Errorf("with %v", newHolder()))
	}
	for _, how := range []string{"value", "holder", "error"} {
		cmd := exec.Command(os.Args[0], "-test.run=TestSecretInPanic")
		cmd.Env = append(os.Environ(), "SECRET_PANIC="+how)
		out, err := cmd.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("panic:")) {
			t.Errorf("%s: no panic: %v", how, err)
		}
		if leaks(string(out)) {
			t.Errorf("%s: %s", how, out)
		}
	}
}

func TestSecret(t *testing.T) {
	var unset, empty, full = schema.Secret{}, schema.NewSecret(""), schema.NewSecret(sesame)
	if unset.IsSet() || !empty.IsSet() || !unset.IsZero() || !unset.Empty() || !empty.Empty() || full.Empty() {
		t.Error("unset, empty and full are not told apart")
	}
	if full.Reveal() != sesame || unset.Reveal() != "" || unset.String() != "" || full.String() != schema.Redacted {
		t.Error("Reveal and String do not do their work")
	}
	if !full.Equal(schema.NewSecret(sesame)) || full.Equal(empty) || empty.Equal(unset) || !unset.Equal(schema.Secret{}) {
		t.Error("Equal is wrong")
	}
	var read struct{ Key schema.Secret }
	if err := json.Unmarshal([]byte(`{"Key": "`+sesame+`"}`), &read); err != nil || read.Key.Reveal() != sesame {
		t.Errorf("JSON: got %q, %v", read.Key.Reveal(), err)
	}
}
