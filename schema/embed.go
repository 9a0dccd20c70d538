package schema

import _ "embed"

// The JSON Schemas, as `nango-lite schema` prints them, generated from definitions.json,
// and those definitions. They must not be modified.
var (
	// IntegrationsJSON describes an integrations file. It asks for nothing that
	// a blueprint may supply.
	//go:embed integrations.schema.json
	IntegrationsJSON []byte

	// IntegrationJSON describes a resolved integration, in full strictness.
	//go:embed integration.schema.json
	IntegrationJSON []byte

	// BlueprintJSON describes a blueprint file, whose versions may be partial
	// where they extend others.
	//go:embed blueprint.schema.json
	BlueprintJSON []byte

	// DefinitionsJSON is what the others are generated from, with its keys in the order in
	// which a person is to read and write them, and with words for its patterns.
	//go:embed definitions.json
	DefinitionsJSON []byte
)
