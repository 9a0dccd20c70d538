package bench_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/internal/author/bench"
)

// Failures may be told apart by a plain text.
func TestATextThatTellsFailuresApartIsHeld(t *testing.T) {
	misread(t, "errors", acme+`
            errors:
                rules:
                    - {when: {status: 401, body: {".": {contains: key has ended}}}, kind: reauthorize}
                    - {when: {status: 401}, kind: denied}
        samples:
            - kind: error
              response: {status: 401, body: Your key has ended.}
            - kind: error
              response: {status: 401, body: You may not see this.}
`,
		misreading{"contains: key has ended", "contains: key is gone", bench.Failed},
		misreading{"contains: key has ended", "prefix: key has ended", bench.Failed},
		misreading{`, body: {".": {contains: key has ended}}`, "", bench.Failed})
}
