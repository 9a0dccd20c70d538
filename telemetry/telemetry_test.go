package telemetry_test

import (
	"context"
	"slices"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/telemetry"
)

func TestTee(t *testing.T) {
	var got []string
	note := func(name string) telemetry.Observer {
		return func(_ context.Context, ev engine.Event) { got = append(got, name+" "+string(ev.Kind)) }
	}
	telemetry.Tee(note("a"), nil, note("b"))(t.Context(), engine.Event{Kind: engine.EventCall})
	telemetry.Tee()(t.Context(), engine.Event{})
	if want := []string{"a call", "b call"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
