package engine_test

import (
	"errors"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
)

// Hosts that were written before package connection was still find its functions here.
func TestNamesOfPackageConnection(t *testing.T) {
	t.Parallel()
	c := &engine.Connection{Key: alice, Generation: engine.NewGeneration(), Status: engine.StatusActive}
	if c.Generation == engine.NewGeneration() {
		t.Error("two generations are equal")
	}
	encoded, err := engine.EncodeConnection(c, plainSealer{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := engine.ResealConnection(encoded, plainSealer{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := engine.DecodeConnection(again, plainSealer{}); err != nil || got.Key != alice || got.Generation != c.Generation {
		t.Errorf("sealed again, it is %v (%v)", got, err)
	}
	here, err := engine.SealedPart(again)
	there, thereErr := connection.SealedPart(again)
	if err != nil || thereErr != nil || string(here) != string(there) {
		t.Errorf("sealed is %q here and %q there (%v, %v)", here, there, err, thereErr)
	}
	if k, err := engine.DecodeCursor(engine.EncodeCursor(alice)); k != alice || err != nil {
		t.Errorf("the cursor leads to %v (%v)", k, err)
	}
	if _, err := engine.DecodeCursor("?"); !errors.Is(err, engine.ErrCursor) {
		t.Errorf("a cursor that is none: %v", err)
	}
	if engine.CheckHolder("") == nil || engine.CheckHolder("one") != nil {
		t.Error("the wrong holders are refused")
	}
}
