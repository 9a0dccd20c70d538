// Package schema holds the words of the format: the JSON Schemas of an
// integrations file, of a resolved integration and of a blueprint, and the same
// words as Go types. It imports the standard library only, so that the engine
// needs neither YAML nor a schema validator, and a host may build a [Config] in
// code.
//
// Start with [Config], which the loader returns and the engine takes. Anything
// that grants access is a [Secret]. Where a value came from is an [Origin].
package schema

//go:generate go run ./internal/gen
