package token

import (
	"cmp"
	"context"
	"net/http"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/oauthwire"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// Redeem calls the token endpoint at to, with extra over params except for what is
// fixed, and returns a successful answer.
func (o *Operation) Redeem(ctx context.Context, to schema.Template, params map[string]string, extra plan.Params) (*oauthwire.Answer, error) {
	return o.RedeemBuilt(ctx, to, func(o *Operation) (*oauthwire.Request, error) { return o.Build(to, params, extra) })
}

// RedeemBuilt is Redeem for a request that the caller builds.
func (o *Operation) RedeemBuilt(ctx context.Context, to schema.Template, build func(*Operation) (*oauthwire.Request, error)) (*oauthwire.Answer, error) {
	return o.send(ctx, sending{what: "the token request", to: to, build: build, shape: o.In.Auth.TokenResponse})
}

// Refresh redeems the refresh token, and returns a successful answer. Before each
// request is sent, ready is asked whether that may be; nothing comes between.
func (o *Operation) Refresh(ctx context.Context, ready func(context.Context) error) (*oauthwire.Answer, error) {
	return o.send(ctx, sending{
		what: "the refresh request", to: o.In.RefreshEndpoint(o.Conn), build: (*Operation).buildRefresh, ready: ready, shape: o.In.Auth.TokenResponse, redeems: true,
	})
}

// AskBeside calls an endpoint beside that of tokens, whose answers are none that grant
// one. what names the request in errors.
func (o *Operation) AskBeside(ctx context.Context, what string, to schema.Template, params map[string]string, extra plan.Params) (*oauthwire.Answer, error) {
	return o.send(ctx, sending{
		what: what, to: to, shape: o.beside(),
		build: func(o *Operation) (*oauthwire.Request, error) { return o.BuildBeside(to, params, extra) },
	})
}

// A sending is one request in the making.
type sending struct {
	what    string // for errors
	to      schema.Template
	build   func(*Operation) (*oauthwire.Request, error)
	ready   func(context.Context) error // may be nil
	shape   *schema.TokenResponse       // of the answer
	redeems bool                        // a refresh token
	whose   fault.Kind                  // whose fault it is if it cannot be built; empty: the operator's
}

// send sends s as the client, and returns a successful answer.
func (o *Operation) send(ctx context.Context, s sending) (*oauthwire.Answer, error) {
	return o.asClient(ctx, func(o *Operation) (*oauthwire.Answer, error) {
		r, err := s.build(o)
		if err != nil {
			return nil, o.Fail(cmp.Or(s.whose, fault.KindClient), s.what+" cannot be built", err)
		}
		if s.ready != nil {
			if err := s.ready(ctx); err != nil {
				return nil, err
			}
		}
		answer, err := o.do(ctx, s.to, r)
		if err != nil {
			return nil, err
		}
		if code, failed := oauthwire.ErrorCode(answer, s.shape, o.matcher(answer)); failed {
			refused := o.Refused(answer, code)
			if s.redeems && code == "invalid_token" && o.ruledKind(answer) == "" && len(o.In.Auth.TokenHeaders) == 0 {
				// The refresh token is the only one in the request (RFC 6750 3.1 has the word;
				// Spring's servers say it so).
				refused = fault.Amend(refused, func(e *fault.Error) { e.Kind = fault.KindReauthorize })
			}
			if s.redeems && code == "unauthorized_client" && answer.Status != http.StatusUnauthorized && o.ruledKind(answer) == "" && o.redeemed.by(o.In.Client(o.Conn)) {
				// The client is allowed to refresh, as it has shown: some servers say this of
				// the refresh token.
				refused = fault.Amend(refused, func(e *fault.Error) { e.Kind = fault.KindReauthorize })
			}
			return nil, o.Scrub(o.TellClock(refused, answer), r)
		}
		if s.redeems {
			o.redeemed.remember(o.In.Client(o.Conn))
		}
		return answer, nil
	})
}

// do sends r, once, and returns the answer whatever its status.
func (o *Operation) do(ctx context.Context, to schema.Template, r *oauthwire.Request) (*oauthwire.Answer, error) {
	answer, err := o.Do(ctx, to, r)
	if err != nil {
		return answer, o.Scrub(o.Unanswered(answer, err), r)
	}
	return answer, nil
}

// Do sends a request that is complete, once, and returns the answer whatever its
// status. The error is as it comes; see [Operation.Unanswered] and [Operation.Scrub].
func (o *Operation) Do(ctx context.Context, to schema.Template, r *oauthwire.Request) (*oauthwire.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	return oauthwire.Do(ctx, o.Client(o.Conn, to), r)
}

// beside is how answers tell failure that are no token answers: as token answers do,
// but for conditions that speak of their content.
func (o *Operation) beside() *schema.TokenResponse {
	shape := schema.TokenResponse{}
	if t := o.In.Auth.TokenResponse; t != nil {
		shape = *t
		shape.Success = nil
	}
	return &shape
}
