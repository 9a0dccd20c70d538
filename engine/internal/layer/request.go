package layer

import "net/http"

// Request returns the caller's request, perhaps with what the layers have added to
// it. It must not be changed.
func (c *Call) Request() *http.Request { return c.own }
