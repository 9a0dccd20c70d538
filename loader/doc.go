// Package loader turns integrations files into a [schema.Config], or into
// diagnostics that say what is wrong, where, and what to do about it.
//
// Start with [Load]. It parses YAML, checks it against the JSON Schema, merges
// each integration over its blueprint from a [Catalog], fills in defaults and
// what comes from the environment, checks the result, and decodes it. Each step
// is a file of this package.
package loader
