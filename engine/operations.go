package engine

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"slices"

	"github.com/nango-lite/nango-lite/engine/internal/call"
	"github.com/nango-lite/nango-lite/engine/internal/operation"
	"github.com/nango-lite/nango-lite/schema"
)

// An InputError says what is wrong with the inputs of an operation, place by place. It
// is in the chain of an error of [KindInvalidInput], and quotes no value.
type InputError = operation.InputError

// An Operation is a declared operation with its name.
type Operation struct {
	Name string
	*schema.Operation
}

// Operations returns the declared operations of an integration, by name. They must not
// be modified.
func (e *Engine) Operations(integration string) ([]Operation, error) {
	in, err := e.integration(integration)
	if err != nil {
		return nil, err
	}
	var out []Operation
	for _, name := range slices.Sorted(maps.Keys(in.Operations)) {
		out = append(out, Operation{name, in.Operations[name]})
	}
	return out, nil
}

// Do calls a declared operation as k. The input is whatever encoding/json writes as an
// object, such as a map or a struct; nil is an empty one. It is held to the operation's
// schema before anything is sent: what does not fit is an [*Error] of KindInvalidInput
// with an [*InputError] in its chain.
//
// The result is the answer, or what the operation's output says of it; null where the
// answer has no body. An operation with pages gives one page, as
// {"items": […], "next_cursor": "…"}: the same operation with that cursor as its input
// "cursor" gives the next, and there is no next_cursor at the end. [Engine.Each] goes
// through all of them.
//
// An operation reaches the provider at most once unless it surely was not sent, or it
// is declared to be repeatable.
func (e *Engine) Do(ctx context.Context, k Key, operation string, input any) (json.RawMessage, error) {
	o, err := operate(ctx, e, k, operation, input)
	if err != nil {
		return nil, err
	}
	return o.Do(ctx)
}

// Each yields the items of an operation with pages; see [Engine.Do] and
// [Engine.Paginate]. An error ends the sequence.
func (e *Engine) Each(ctx context.Context, k Key, operation string, input any) iter.Seq2[json.RawMessage, error] {
	o, err := operate(ctx, e, k, operation, input)
	if err != nil {
		return func(yield func(json.RawMessage, error) bool) { yield(nil, err) }
	}
	return o.Each(ctx)
}

// OperationRequest returns the request that [Engine.Do] would make, for a client of
// [Engine.Client]: a path below base_url, without credentials. Nothing is sent.
func (e *Engine) OperationRequest(ctx context.Context, k Key, operation string, input any) (*http.Request, error) {
	o, err := operate(ctx, e, k, operation, input)
	if err != nil {
		return nil, err
	}
	return o.HTTP(ctx)
}

func operate(ctx context.Context, e *Engine, k Key, operation string, input any) (*call.Operated, error) {
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	c, err := e.caller(k)
	if err != nil {
		return nil, err
	}
	return in.api.Operate(ctx, c, operation, input)
}

// Call is [Engine.Do] with the result decoded into Out.
func Call[Out any](ctx context.Context, e *Engine, k Key, operation string, input any) (Out, error) {
	var out Out
	result, err := e.Do(ctx, k, operation, input)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(result, &out); err != nil {
		return out, &Error{Op: "do " + operation, Key: k, Kind: KindInvalidResponse, Detail: "the result is of another shape than the caller expects", Err: err}
	}
	return out, nil
}
