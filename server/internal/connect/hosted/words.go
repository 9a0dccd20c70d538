package hosted

// A wording is all that the page says, so that it can be read, and one day be translated, in one place.
type wording struct {
	Choose, Nothing, Search, NoMatch, Done string
	Optional, Example, Where               string
	Submit, Go, Other, Again               string
	Wrong, Window, Finished                string
	Consent, Check, Operators              string
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

	Check:     "Check what you have typed as well.",
	Operators: "For those who run this application",
}

// connect is the title of the form of one integration.
func (w *wording) connect(product string) string { return "Connect " + product }
