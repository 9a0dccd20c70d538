package hosted

import (
	"fmt"
	"net/http"

	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
)

// A wording is all that the page says, so that it can be read, and one day be translated, in one place.
type wording struct {
	Choose, Nothing, Search, NoMatch, Done string
	Optional, Example, Where               string
	Submit, Go, Other, Again               string
	Wrong, Window, Finished                string
	Consent                                string
}

var words = wording{
	Choose:   "Choose what to connect.",
	Nothing:  "There is nothing to connect here.",
	Search:   "Search",
	NoMatch:  "Nothing has that name.",
	Done:     "Connected",
	Optional: "(optional)",
	Example:  "For example:",
	Where:    "Where to find it",
	Submit:   "Connect",
	Go:       "Continue to %s",
	Other:    "Connect something else",
	Again:    "This replaces the access that was granted before.",
	Wrong:    "Something is not right yet:",
	Window:   "Go on in the window that has opened.",
	Finished: "I have finished there",
	Consent:  "You will be asked at %s to allow the access.",
}

// connect is the title of the form of one integration.
func (w *wording) connect(product string) string { return "Connect " + product }

// refused says why what was typed has connected nothing.
func (w *wording) refused(err *fault.Error, product string) string {
	switch err.Code {
	case "connection_validation_failed", "denied":
		return fmt.Sprintf("%s does not accept what you have typed. Check it, and try again.", product)
	case "unavailable", "rate_limited", "invalid_response":
		return fmt.Sprintf("%s does not answer as it should just now. Nothing was stored; try again in a moment.", product)
	}
	if err.Status >= http.StatusInternalServerError {
		return "This cannot be connected just now, and you cannot mend it. Tell those who run this application."
	}
	return err.Message
}
