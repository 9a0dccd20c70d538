// Package tags knows the labels by which a product finds its connections again: plain tags,
// and what Nango's clients say of an end user and their organization, which is kept as
// tags. Start with [Of].
package tags

import (
	"errors"
	"maps"
	"strings"
)

// Names of the tags that hold what Nango's clients say of an end user and their
// organization, the older form of tags.
const (
	UserID           = "end_user_id"
	UserEmail        = "end_user_email"
	UserName         = "end_user_display_name"
	OrganizationID   = "organization_id"
	OrganizationName = "organization_display_name"
)

// Limits of tags: they are listed with each connection.
const (
	maxTags     = 64
	maxTagName  = 64
	maxTagValue = 512
)

// An EndUser is the person whose connection it is, in the older form of tags.
type EndUser struct {
	ID          string            `json:"id"`
	Email       *string           `json:"email,omitempty"`
	DisplayName *string           `json:"display_name,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// An Organization is where an end user works.
type Organization struct {
	ID          string  `json:"id"`
	DisplayName *string `json:"display_name,omitempty"`
}

// errTags says what the limits of tags are.
var errTags = errors.New("tags are at most 64, with names of 1 to 64 bytes and values of up to 512")

// Of returns tags, with those of an end user and an organization among them; where they say
// different things, tags count.
func Of(user *EndUser, org *Organization, tags map[string]string) (map[string]string, error) {
	all := map[string]string{}
	set := func(name string, v *string) {
		if v != nil && *v != "" {
			all[name] = *v
		}
	}
	if user != nil {
		if user.ID == "" {
			return nil, errors.New("end_user needs an id")
		}
		maps.Copy(all, user.Tags)
		set(UserID, &user.ID)
		set(UserEmail, user.Email)
		set(UserName, user.DisplayName)
	}
	if org != nil {
		if org.ID == "" {
			return nil, errors.New("organization needs an id")
		}
		set(OrganizationID, &org.ID)
		set(OrganizationName, org.DisplayName)
	}
	maps.Copy(all, tags)
	return Lower(all)
}

// Lower returns tags with their names in lower case, as Nango's clients ask for them,
// or what is wrong with them.
func Lower(tags map[string]string) (map[string]string, error) {
	all := make(map[string]string, len(tags))
	for name, v := range tags {
		name = strings.ToLower(name)
		if _, twice := all[name]; twice {
			return nil, errors.New("two tags have the same name, but for the case of letters")
		}
		all[name] = v
	}
	return all, Check(all)
}

// Check says whether there are too many tags, or one that is too long.
func Check(tags map[string]string) error {
	if len(tags) > maxTags {
		return errTags
	}
	for name, v := range tags {
		if name == "" || len(name) > maxTagName || len(v) > maxTagValue {
			return errTags
		}
	}
	return nil
}

// A User is an end user as lists show it.
type User struct {
	ID           string            `json:"id"`
	Email        *string           `json:"email"`
	DisplayName  *string           `json:"display_name"`
	Tags         map[string]string `json:"tags"`
	Organization *UserOrganization `json:"organization"`
}

type UserOrganization struct {
	ID          string  `json:"id"`
	DisplayName *string `json:"display_name"`
}

// UserOf returns the end user that tags tell of; nil if there is none.
func UserOf(tags map[string]string) *User {
	if tags[UserID] == "" {
		return nil
	}
	maybe := func(name string) *string {
		if v, ok := tags[name]; ok {
			return &v
		}
		return nil
	}
	u := &User{ID: tags[UserID], Email: maybe(UserEmail), DisplayName: maybe(UserName), Tags: map[string]string{}}
	if tags[OrganizationID] != "" {
		u.Organization = &UserOrganization{tags[OrganizationID], maybe(OrganizationName)}
	}
	return u
}
