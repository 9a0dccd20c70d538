package server

import (
	"io"
	"net/http"
	"time"
)

// readShort reads a body that is no JSON, such as a form.
func readShort(x *exchange, most int64) (string, error) {
	control := http.NewResponseController(x.ResponseWriter)
	_ = control.SetReadDeadline(time.Now().Add(formTimeout))
	b, err := io.ReadAll(http.MaxBytesReader(x.ResponseWriter, x.r.Body, most))
	_ = control.SetReadDeadline(time.Time{})
	return string(b), err
}
