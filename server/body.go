package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// readBody reads the JSON object of a request into v. One that is not of its shape is
// answered, and the result is false: a member that nobody knows is an error, so that a
// slip is not taken for nothing said. What was sent is not quoted.
func (s *Server) readBody(x *exchange, v any) bool {
	_ = http.NewResponseController(x.ResponseWriter).SetReadDeadline(time.Now().Add(formTimeout))
	d := json.NewDecoder(http.MaxBytesReader(x.ResponseWriter, x.r.Body, s.opts.MaxBodyBytes))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more than one value")
		}
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil: // else the limit stays, or net/http would wait for the rest without one
		_ = http.NewResponseController(x.ResponseWriter).SetReadDeadline(time.Time{})
		return true
	case errors.As(err, new(*http.MaxBytesError)):
		x.fail(http.StatusRequestEntityTooLarge, "invalid_body", "the body is larger than server.limits.max_body_bytes")
	case errors.Is(err, io.EOF):
		x.fail(http.StatusBadRequest, "invalid_body", "the body is missing; it is a JSON object")
	case errors.As(err, &wrong):
		where := "the body"
		if wrong.Field != "" {
			where = wrong.Field
		}
		x.fail(http.StatusBadRequest, "invalid_body", where+" is of another type than it must be")
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		x.fail(http.StatusBadRequest, "invalid_body", "the body has a member that is unknown here")
	default:
		x.fail(http.StatusBadRequest, "invalid_body", "the body is no JSON object")
	}
	return false
}

// readJSON is readBody for requests that no page of another origin can make without
// being asked first: the body says that it is JSON.
func (s *Server) readJSON(x *exchange, v any) bool {
	if media, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		x.fail(http.StatusBadRequest, "invalid_body", "the body must be application/json")
		return false
	}
	return s.readBody(x, v)
}

// decodeStrictly reads one JSON object that is a part of a body. The error quotes nothing.
func decodeStrictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil { // its error may quote the text
		return errors.New("it is no JSON object, or has a member that is unknown or of the wrong type")
	}
	return nil
}
