package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

var key = connection.Key{Integration: "fjord", ConnectionID: "alice"}

// Many callers may hold one error: that of a refresh which they all waited for.
func TestAmendLeavesTheOriginalAlone(t *testing.T) {
	first := &fault.Error{Op: "refresh", Key: key, Kind: fault.KindClient, Code: "invalid_client"}
	wrapped := fmt.Errorf("wrapped: %w", first)
	for name, amended := range map[string]error{
		"Amend":  fault.Amend(wrapped, func(e *fault.Error) { e.Kind = fault.KindReauthorize }),
		"Mean":   fault.Mean(wrapped, fault.KindReauthorize, "other"),
		"Within": fault.Within("step 2", wrapped),
	} {
		if first.Kind != fault.KindClient || first.Detail != "" {
			t.Errorf("%s changed the error itself: %v", name, first)
		}
		if e, ok := amended.(*fault.Error); !ok || e.Code != "invalid_client" || e.Kind == first.Kind && e.Detail == "" {
			t.Errorf("%s gave %v", name, amended)
		}
	}
	if err := fault.Mean(context.Canceled, fault.KindClient, "x"); err != context.Canceled {
		t.Errorf("an error of somebody else's became %v", err)
	}
	if got, want := fault.Within("step 2", first).Error(), "refresh fjord/alice: client: step 2: the provider answered with code invalid_client"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The end of a caller's context is the caller's affair; that of work which no caller
// owns is a store that hangs.
func TestOfStoreKnowsWhoseTimeIsUp(t *testing.T) {
	down := errors.New("down")
	for _, row := range []struct {
		err            error
		theirs, nobody fault.Kind
	}{
		{context.Canceled, "", fault.KindUnavailable},
		{fmt.Errorf("query: %w", context.DeadlineExceeded), "", fault.KindUnavailable},
		{fmt.Errorf("row: %w", connection.ErrNoConnection), fault.KindNotFound, fault.KindNotFound},
		{down, fault.KindUnavailable, fault.KindUnavailable},
	} {
		if got := fault.KindOf(fault.OfStore("read", key, row.err)); got != row.theirs {
			t.Errorf("OfStore(%v): kind %q, want %q", row.err, got, row.theirs)
		}
		if got := fault.KindOf(fault.OfStoreInTime("read", key, row.err)); got != row.nobody {
			t.Errorf("OfStoreInTime(%v): kind %q, want %q", row.err, got, row.nobody)
		}
	}
	if err := fault.OfStore("read", key, down); !errors.Is(err, down) {
		t.Errorf("%v does not wrap its cause", err)
	}
}

func TestTextsLoseWhatMustNotBeShown(t *testing.T) {
	refused := errors.New("connection refused")
	inner := &url.Error{Op: "Get", URL: "https://fjord.example/b?token=s3cret", Err: refused}
	err := fault.WithoutURL(&url.Error{Op: "Get", URL: "https://fjord.example/a?token=s3cret", Err: inner})
	if text := err.Error(); strings.Contains(text, "s3cret") || !strings.Contains(text, "GET fjord.example") || !errors.Is(err, refused) {
		t.Errorf("WithoutURL: %v", err)
	}
	if got := fault.ReadableCode("invalid_grant"); got != "invalid_grant" {
		t.Errorf("a code became %q", got)
	}
	for _, code := range []string{"<script>", "two words", strings.Repeat("a", 81)} {
		if got := fault.ReadableCode(code); got != "(unreadable)" {
			t.Errorf("%q is shown as %q", code, got)
		}
	}
	secret := "p+ss/word=="
	for _, spelled := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), "cCtzcy93b3JkPT0="} {
		if got := fault.WithoutSecrets("is "+spelled+" here", []string{secret}); strings.Contains(got, strings.TrimRight(spelled, "=")) {
			t.Errorf("WithoutSecrets left %q", got)
		}
	}
	said := func() []string { return []string{"Bearer A1b2c3d4e5"} }
	if got := fault.WithoutEchoes("invalid_token A1b2c3d4e5", said); strings.Contains(got, "A1b2") || !strings.Contains(got, "invalid_token") {
		t.Errorf("WithoutEchoes: %q", got)
	}
	if got := fault.UnlessEchoed(`malformed answer "A1b2c3d4e5"`, nil, func(s string) string { return fault.WithoutEchoes(s, said) }); strings.Contains(got, "A1b2") {
		t.Errorf("UnlessEchoed: %q", got)
	}
}
