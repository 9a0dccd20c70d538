package tags_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/server/internal/tags"
)

func text(s string) *string { return &s }

// An end user and their organization are kept as tags, and read out of them again.
func TestEndUsersAreTags(t *testing.T) {
	got, err := tags.Of(
		&tags.EndUser{ID: "u", Email: text("a@example.com"), Tags: map[string]string{"Plan": "free", "seat": "1"}},
		&tags.Organization{ID: "o", DisplayName: text("Org")},
		map[string]string{"seat": "2"},
	)
	want := map[string]string{
		"end_user_id": "u", "end_user_email": "a@example.com", "organization_id": "o", "organization_display_name": "Org", "plan": "free", "seat": "2",
	}
	if err != nil || !maps.Equal(got, want) {
		t.Fatalf("got %v, %v, want %v", got, err, want)
	}
	u := tags.UserOf(got)
	if u == nil || u.ID != "u" || *u.Email != "a@example.com" || u.DisplayName != nil || u.Organization.ID != "o" || *u.Organization.DisplayName != "Org" {
		t.Errorf("read back: %+v", u)
	}
	if tags.UserOf(map[string]string{"plan": "free"}) != nil {
		t.Error("there is an end user without an id")
	}
}

func TestTagsThatAreRefused(t *testing.T) {
	many := map[string]string{}
	for i := range 65 {
		many[fmt.Sprint(i)] = ""
	}
	for name, in := range map[string]map[string]string{
		"too many": many, "no name": {"": "x"}, "long name": {strings.Repeat("n", 65): ""}, "long value": {"n": strings.Repeat("v", 513)},
		"the same name twice": {"Plan": "a", "plan": "b"},
	} {
		if _, err := tags.Of(nil, nil, in); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := tags.Of(&tags.EndUser{}, nil, nil); err == nil {
		t.Error("an end user without an id is taken")
	}
	if _, err := tags.Of(nil, &tags.Organization{}, nil); err == nil {
		t.Error("an organization without an id is taken")
	}
}
