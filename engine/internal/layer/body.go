package layer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/internal/media"
)

// maxAdded is the largest body that members are added to.
const maxAdded = 1 << 20

// addBody adds members to the JSON object or the form that r has for a body; an empty
// body becomes an object. The caller's own member wins where the field yields. What
// no credential has to go into is left alone if nothing can be added to it.
func addBody(call *Call, r *http.Request, fields []field, values render.Values) error {
	needed := false
	for _, f := range fields {
		needed = needed || !f.Yields
	}
	empty := r.Body == nil || r.Body == http.NoBody
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	case http.MethodDelete:
		if empty && !needed {
			return nil
		}
	default:
		return nil
	}
	kind := bodyKind(r, empty)
	if kind == "" {
		if needed {
			return &RefusedError{"the body is neither a JSON object nor a form, and the credential belongs in one"}
		}
		return nil
	}
	text, err := takeBody(r)
	if err != nil {
		return err
	}
	for _, f := range fields {
		v, err := f.fill(call, values)
		if err != nil {
			return fmt.Errorf("body member %s: %w", f.Name, err)
		}
		if v == "" && f.Yields && len(f.Value.Refs()) > 0 {
			continue
		}
		if text, err = withMember(text, kind, f.Name, v, f.Yields); err != nil {
			return err
		}
	}
	if kind == "json" && empty && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.ContentLength, r.TransferEncoding = int64(len(text)), nil
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	r.Body, _ = r.GetBody()
	return nil
}

// bodyKind returns json, form, or "" for what members cannot be added to.
func bodyKind(r *http.Request, empty bool) string {
	kind := media.Of(r.Header.Get("Content-Type"))
	switch {
	case r.Header.Get("Content-Encoding") != "":
		return ""
	case media.IsJSON(kind):
		return "json"
	case kind == "application/x-www-form-urlencoded":
		return "form"
	case kind == "" && empty:
		return "json"
	}
	return ""
}

// takeBody reads the body of r to its end.
func takeBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxAdded+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxAdded {
		return nil, &RefusedError{"requests.body adds to bodies of at most 1 MiB"}
	}
	return text, r.Body.Close()
}

func withMember(text []byte, kind, name, v string, yields bool) ([]byte, error) {
	if kind == "json" {
		return withJSONMember(text, name, v, yields)
	}
	form := strings.TrimSpace(string(text))
	switch {
	case !yields:
		return []byte(withParameter(form, name, v)), nil
	case inQuery(form, name):
		return text, nil
	}
	return []byte(joinQuery(form, url.QueryEscape(name)+"="+url.QueryEscape(v))), nil
}

// withJSONMember sets a member of an object. Other members keep their order and their
// text.
func withJSONMember(text []byte, name, v string, yields bool) ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	add := func(name string, value []byte) {
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(jsonText(name))
		out.WriteByte(':')
		out.Write(value)
	}
	if len(bytes.TrimSpace(text)) > 0 {
		d := json.NewDecoder(bytes.NewReader(text))
		if t, err := d.Token(); err != nil || t != json.Delim('{') {
			return nil, errNoObject
		}
		for d.More() {
			key, err := d.Token()
			var value json.RawMessage
			if err != nil || d.Decode(&value) != nil {
				return nil, errNoObject
			}
			if key == name && yields {
				return text, nil
			}
			if key != name {
				add(key.(string), value)
			}
		}
		if _, err := d.Token(); err != nil {
			return nil, errNoObject
		}
		if _, err := d.Token(); err != io.EOF {
			return nil, errNoObject
		}
	}
	add(name, jsonText(v))
	out.WriteByte('}')
	return out.Bytes(), nil
}

var errNoObject = &RefusedError{"the body is not a JSON object, and requests.body adds to one"}

// jsonText encodes a text, as it stands but for what JSON must escape.
func jsonText(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text always encodes
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
