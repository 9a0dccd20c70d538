package record_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.RunRecords(t, func(*testing.T) record.Store { return &record.Memory{} })
}
