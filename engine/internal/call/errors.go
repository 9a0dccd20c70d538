package call

import (
	"context"
	"errors"
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/lookup"
	"github.com/nango-lite/nango-lite/engine/internal/render"
)

// callError gives a failure of the layers its kind. Contexts' errors pass
// through.
func callError(ctx context.Context, k connection.Key, call *layer.Call, err error) error {
	var known *fault.Error
	var refused *layer.RefusedError
	var limit *layer.LimitError
	var missing *render.MissingError
	var failed *layer.TransportError
	e := &fault.Error{Op: "call", Key: k}
	switch {
	case errors.As(err, &known):
		return err
	case ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err())):
		return err
	case errors.As(err, &refused):
		e.Kind, e.Detail = fault.KindUnsupported, "the request was not sent: "+refused.Reason
	case errors.As(err, &limit):
		e.Kind, e.Detail, e.RetryAfter = fault.KindRateLimited, limit.Reason, limit.Wait
	case errors.As(err, &missing):
		e.Kind, e.Detail = missingKind(missing.Name), err.Error()
		if api := apiOfCall(call); api != nil && api.in.LookUpOf(missing.Name) != nil {
			e.Kind, e.Err = fault.KindClient, lookup.ErrOpenField // the user can set it
		}
	case errors.As(err, &failed):
		e.Kind, e.Detail = fault.KindUnavailable, call.Reason()
		e.Err = masked(failed.Err, call)
		if said := e.Err.Error(); strings.HasPrefix(e.Detail, said) {
			e.Err = fault.WithText("", e.Err) // once is enough
		}
	default:
		e.Kind, e.Err = fault.KindClient, err
	}
	return e
}

// missingKind says who must supply the value of a placeholder.
func missingKind(name string) fault.Kind {
	switch name {
	case "app_api_key", "oauth_client_id", "oauth_client_secret":
		return fault.KindClient
	}
	return fault.KindReauthorize
}
