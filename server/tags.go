package server

import (
	"errors"
	"maps"
	"strings"
)

// Names of the tags that hold what Nango's clients say of an end user and their
// organization, the older form of tags.
const (
	tagUserID    = "end_user_id"
	tagUserEmail = "end_user_email"
	tagUserName  = "end_user_display_name"
	tagOrgID     = "organization_id"
	tagOrgName   = "organization_display_name"
)

// Limits of tags: they are listed with each connection.
const (
	maxTags     = 64
	maxTagName  = 64
	maxTagValue = 512
)

// An endUser is the person whose connection it is, in the older form of tags.
type endUser struct {
	ID          string            `json:"id"`
	Email       *string           `json:"email,omitempty"`
	DisplayName *string           `json:"display_name,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// An organization is where an end user works.
type organization struct {
	ID          string  `json:"id"`
	DisplayName *string `json:"display_name,omitempty"`
}

// errTags says what is wrong with tags.
var errTags = errors.New("tags are at most 64, with names of 1 to 64 bytes and values of up to 512")

// tagsOf returns tags, with what an end user and an organization say among them. Those
// that are given beside have the last word.
func tagsOf(user *endUser, org *organization, tags map[string]string) (map[string]string, error) {
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
		set(tagUserID, &user.ID)
		set(tagUserEmail, user.Email)
		set(tagUserName, user.DisplayName)
	}
	if org != nil {
		if org.ID == "" {
			return nil, errors.New("organization needs an id")
		}
		set(tagOrgID, &org.ID)
		set(tagOrgName, org.DisplayName)
	}
	maps.Copy(all, tags)
	return lowered(all)
}

// lowered returns tags with their names in lower case, as Nango's clients ask for them.
func lowered(tags map[string]string) (map[string]string, error) {
	all := make(map[string]string, len(tags))
	for name, v := range tags {
		name = strings.ToLower(name)
		if _, twice := all[name]; twice {
			return nil, errors.New("two tags have the same name, but for the case of letters")
		}
		all[name] = v
	}
	return all, checkTags(all)
}

func checkTags(tags map[string]string) error {
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

// shownUser is an end user as lists show it.
type shownUser struct {
	ID           string            `json:"id"`
	Email        *string           `json:"email"`
	DisplayName  *string           `json:"display_name"`
	Tags         map[string]string `json:"tags"`
	Organization *shownOrg         `json:"organization"`
}

type shownOrg struct {
	ID          string  `json:"id"`
	DisplayName *string `json:"display_name"`
}

// userOf reads the end user back out of tags; nil if there is none.
func userOf(tags map[string]string) *shownUser {
	if tags[tagUserID] == "" {
		return nil
	}
	maybe := func(name string) *string {
		if v, ok := tags[name]; ok {
			return &v
		}
		return nil
	}
	u := &shownUser{ID: tags[tagUserID], Email: maybe(tagUserEmail), DisplayName: maybe(tagUserName), Tags: map[string]string{}}
	if tags[tagOrgID] != "" {
		u.Organization = &shownOrg{tags[tagOrgID], maybe(tagOrgName)}
	}
	return u
}
