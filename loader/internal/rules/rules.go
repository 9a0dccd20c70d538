// Package rules holds an integration to what JSON Schema cannot express, or not in
// words that help: keys that belong together, placeholders, URLs, headers, keys and
// certificates. Start with [Check]; each theme is a file.
package rules

import (
	"github.com/nango-lite/nango-lite/schema"
)

// Check returns what the rules find, in no particular order.
func Check(s Subject) []Finding {
	c := &checker{Subject: s, mode: schema.AuthMode(s.Root.Str("auth", "auth_mode"))}
	if !c.mode.Known() {
		c.mode = "" // the schema has said so; it may be text from a variable
	}
	for _, theme := range themes {
		theme(c)
	}
	if !s.Blueprint {
		for _, theme := range ofOperators {
			theme(c)
		}
	}
	return c.found
}

// themes are held for whoever says something.
var themes = []func(*checker){
	(*checker).clientOfConnection,
	(*checker).modes,
	(*checker).discovery,
	(*checker).privateKey,
	(*checker).clientKey,
	(*checker).aws,
	(*checker).signature,
	(*checker).refreshRequest,
	(*checker).revocationRequest,
	(*checker).trees,
	(*checker).headers,
	(*checker).patterns,
	(*checker).lookUps,
	(*checker).operations,
	(*checker).everyTemplate,
}

// ofOperators are about what no blueprint has.
var ofOperators = []func(*checker){
	(*checker).client,
	(*checker).noPrivateKey,
	(*checker).scopes,
	(*checker).certificate,
}
