package fault

import (
	"cmp"
	"fmt"
	"net/http"
)

// ForUsers says in a user's words why the access to a product (an integration's name for
// users; may be empty) was not connected. Where the message itself is good for that, it is
// the message.
func (e *Error) ForUsers(product string) string {
	product = cmp.Or(product, "The provider")
	switch e.Code {
	case "callback_err":
		return "The provider did not grant the access, or you said no. Nothing was stored."
	case "unknown_connect_session_token":
		return "This link has ended, or there is none like it. Nothing was stored."
	case "connect_session_used":
		return "There is nothing left to do here."
	case "state_cookie_err":
		return "This browser has not begun what you want to end here. Nothing was stored."
	case "state_err":
		return "This authorization has ended, was used before, or was begun elsewhere. Nothing was stored."
	case "connection_validation_failed", "denied":
		return fmt.Sprintf("%s does not accept what you have typed. Check it, and try again.", product)
	case "token_err", "unavailable", "rate_limited", "invalid_response":
		switch {
		case e.store:
			return "This cannot be connected just now. Nothing was stored; try again in a moment."
		case e.Status < http.StatusTooManyRequests:
			return fmt.Sprintf("%s did not go on with what you have allowed. Nothing was stored.", product)
		}
		return fmt.Sprintf("%s does not answer as it should just now. Nothing was stored; try again in a moment.", product)
	}
	if e.Status >= http.StatusInternalServerError && e.Code != unreadable {
		return "This could not be connected. Nothing was stored. Try again; if it happens again, tell those who run this application."
	}
	return e.Message
}

// ForOperators is what those who run the application want to be told by the user: the
// message, where the user is told something else of what they may have to mend.
func (e *Error) ForOperators(product string) string {
	switch e.Code {
	case "token_err", "state_err", "provider_config_err", "unknown_err":
		if e.ForUsers(product) != e.Message {
			return e.Message
		}
	}
	return ""
}

// Again reports whether the user can try again with the same link.
func (e *Error) Again() bool {
	return e.Code != "unknown_connect_session_token" && e.Code != "connect_session_used"
}
