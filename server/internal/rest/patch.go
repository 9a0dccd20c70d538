package rest

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/input"
	"github.com/nango-lite/nango-lite/server/internal/tags"
)

// A patchBody is that of PATCH /connections/{id}. What is absent stays.
type patchBody struct {
	EndUser *json.RawMessage   `json:"end_user"` // null takes it away
	Tags    *map[string]string `json:"tags"`
	Webhook *string            `json:"webhook_url_override"`
}

// UnmarshalJSON tells null from absent.
func (b *patchBody) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for name, v := range members {
		var err error
		switch name {
		case "end_user":
			b.EndUser = &v
		case "tags":
			err = json.Unmarshal(v, &b.Tags)
		case "webhook_url_override":
			err = json.Unmarshal(v, &b.Webhook)
		default:
			err = errors.New("unknown member")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Patch is PATCH /connections/{id}.
func (h *Connections) Patch(w *answer.Writer) {
	k, ok := h.toChange(w)
	if !ok {
		return
	}
	var body patchBody
	if !input.JSON(w, &body) {
		return
	}
	change, err := body.change()
	if err != nil {
		w.Fail(http.StatusBadRequest, "invalid_body", err.Error())
		return
	}
	if _, err := h.Engine.Annotate(w.Request.Context(), k, change); err != nil {
		w.Error(err)
		return
	}
	w.JSON(http.StatusOK, map[string]any{"success": true})
}

// change returns a function that does to a connection what the body asks for. New tags
// replace all tags, a new end user replaces the end user.
func (b *patchBody) change() (func(*engine.Connection) error, error) {
	if b.Webhook != nil && *b.Webhook != "" {
		return nil, errWebhookOverride
	}
	var user *tags.EndUser
	if b.EndUser != nil && input.Part(*b.EndUser, &user) != nil {
		return nil, errors.New("end_user has the members id, email, display_name and tags")
	}
	userTags, err := tags.Of(user, nil, nil)
	if err != nil {
		return nil, err
	}
	var given map[string]string
	if b.Tags != nil {
		if given, err = tags.Lower(*b.Tags); err != nil {
			return nil, err
		}
	}
	return func(c *engine.Connection) error {
		all := map[string]string{}
		maps.Copy(all, c.Tags)
		if b.EndUser != nil {
			for _, name := range []string{tags.UserID, tags.UserEmail, tags.UserName} {
				delete(all, name)
			}
		}
		if b.Tags != nil {
			all = maps.Clone(given)
		}
		maps.Copy(all, userTags)
		if err := tags.Check(all); err != nil {
			return err
		}
		c.Tags = all
		return nil
	}, nil
}
