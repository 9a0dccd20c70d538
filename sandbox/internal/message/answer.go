// Package message holds what goes to and fro as data: answers and refusals, and what
// the bodies of requests and answers are read and written with. Start with [Answer].
package message

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
)

// An Answer is a response that is still data.
type Answer struct {
	Status int // 0 means 200
	Header http.Header
	Body   any  // a string as it is, nil as nothing, anything else as JSON
	Form   bool // write an object form-urlencoded
}

func (a *Answer) Set(name, value string) {
	if a.Header == nil {
		a.Header = http.Header{}
	}
	a.Header.Set(name, value)
}

// Copy returns an answer that may be changed.
func (a Answer) Copy() Answer {
	a.Header = a.Header.Clone()
	a.Body = Clone(a.Body)
	return a
}

// Render returns the body's bytes and its media type.
func (a *Answer) Render() ([]byte, string) {
	switch body := a.Body.(type) {
	case nil:
		return nil, ""
	case string:
		return []byte(body), "text/plain; charset=utf-8"
	case map[string]any:
		if a.Form {
			values := url.Values{}
			for k, v := range body {
				values.Set(k, Text(v))
			}
			return []byte(values.Encode()), "application/x-www-form-urlencoded"
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a.Body); err != nil {
		panic("sandbox: " + err.Error()) // bodies went through plain
	}
	return b.Bytes(), "application/json"
}

func (a *Answer) Code() int {
	if a.Status == 0 {
		return http.StatusOK
	}
	return a.Status
}
