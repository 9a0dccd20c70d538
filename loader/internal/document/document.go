// Package document holds the JSON Schemas of package schema as encoding/json decodes
// them, each decoded once for all who read it. They must not be modified.
package document

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/nango-lite/nango-lite/schema"
)

// The schemas.
var (
	Integrations = once(schema.IntegrationsJSON)
	Integration  = once(schema.IntegrationJSON)
	Blueprint    = once(schema.BlueprintJSON)
)

func once(data []byte) func() map[string]any {
	return sync.OnceValue(func() map[string]any {
		var doc map[string]any
		if err := json.Unmarshal(data, &doc); err != nil {
			panic(fmt.Sprintf("document: embedded schema: %v", err))
		}
		return doc
	})
}
