package storetest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
)

// A Medium is where sealed connections lie, such as a file.
type Medium struct {
	// Open returns a handle on the medium that seals with s. There may be several
	// at once.
	Open func(t *testing.T, s connection.Sealer) connection.Store

	// Raw returns all bytes that lie there, logs and leftovers included.
	Raw func(t *testing.T) []byte
}

// RunSealed checks what a store that seals promises. medium returns an empty one.
// Rotation is checked of stores that are [seal.Rows].
func RunSealed(t *testing.T, medium func(t *testing.T) Medium) {
	for name, test := range map[string]func(*testing.T, Medium){
		"no secret lies open":           testNothingOpen,
		"an old key opens":              testOldKey,
		"a wrong key fails cleanly":     func(t *testing.T, m Medium) { testWrongKey(t, m, seal.NewKeys(), seal.ErrUnknownKey) },
		"a wrong key of the right name": testImpostor,
		"keys rotate while others work": testRotateAlive,
		"a rotation broken off goes on": testRotateAgain,
		"a rotation leaves the unknown": testRotateBroken,
		"a rotation notices old keys":   testRotateStubborn,
		"a swap overwrites no news":     testSwapRow,

		"a write whose key is dropped is kept":     testDroppedMeanwhile,
		"keys that nothing needs are named":        testIdleKeys,
		"a rotation leaves nothing behind":         testNothingLeft,
		"what lies open is bound to the seal":      testBound,
		"one that cannot be read costs itself":     testUnreadable,
		"what was not bound opens and is bound":    testNotBound,
		"a rotation binds, whatever key sealed it": testRotateBinds,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, medium(t))
		})
	}
}

func testNothingOpen(t *testing.T, m Medium) {
	ctx := t.Context()
	s := m.Open(t, seal.NewKeys())
	deleted := Connection(connection.Key{Integration: "a", ConnectionID: "deleted"})
	mustPut(t, s, deleted)
	checkError(t, "Delete", s.Delete(ctx, deleted.Key), nil)
	c := Connection(key)
	mustPut(t, s, c)
	c.Credentials.Token.AccessToken = schema.NewSecret(Marker + "-second")
	checkError(t, "Replace", s.Replace(ctx, c, c.Generation), nil)
	checkKept(t, s, c)
	checkError(t, "Acquire", s.Acquire(ctx, key, "holder", ttl), nil)

	raw := m.Raw(t)
	if !bytes.Contains(raw, []byte(key.ConnectionID)) {
		t.Error("the medium's bytes do not hold the connection's id: Raw looks elsewhere")
	}
	for form, text := range forms(Marker) {
		if bytes.Contains(raw, []byte(text)) {
			t.Errorf("a secret lies open in the medium, as %s", form)
		}
	}
}

// forms returns what text may look like in a file.
func forms(text string) map[string]string {
	f := map[string]string{"text": text, "hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text)))}
	utf := utf16.Encode([]rune(text))
	little, _ := binary.Append(nil, binary.LittleEndian, utf)
	f["UTF-16"] = string(little)
	for shift := range 3 { // base64 looks different at each of three places; its ends depend on the neighbours
		b := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + text))
		f["base64, shifted by "+string(rune('0'+shift))] = b[2+shift : len(b)-2]
	}
	return f
}

func testOldKey(t *testing.T, m Medium) {
	ctx := t.Context()
	old := seal.NewKeys()
	rotated := old.Rotated()
	c := Connection(key)
	mustPut(t, m.Open(t, old), c)

	s := m.Open(t, rotated)
	checkKept(t, s, c)
	c.Reason = "sealed anew"
	checkError(t, "Replace", s.Replace(ctx, c, c.Generation), nil)
	checkKept(t, s, c)
	_, err := m.Open(t, old).Get(ctx, key)
	checkError(t, "Get without the new key", err, seal.ErrUnknownKey)
}

// testImpostor: the same id names another key, as when a file was made by hand.
func testImpostor(t *testing.T, m Medium) {
	a, b := seal.GenerateKey().Reveal(), seal.GenerateKey().Reveal()
	id, _, _ := strings.Cut(a, ":")
	_, other, _ := strings.Cut(b, ":")
	right, err := seal.ParseKeys(schema.NewSecret(a))
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := seal.ParseKeys(schema.NewSecret(id + ":" + other))
	if err != nil {
		t.Fatal(err)
	}
	c := Connection(key)
	mustPut(t, m.Open(t, right), c)
	checkUnreadable(t, m.Open(t, wrong), seal.ErrSealed)
	checkKept(t, m.Open(t, right), c)
}

func testWrongKey(t *testing.T, m Medium, wrong *seal.Keys, want error) {
	ctx := t.Context()
	right := m.Open(t, seal.NewKeys())
	c := Connection(key)
	mustPut(t, right, c)
	gone := Connection(connection.Key{Integration: "z", ConnectionID: "gone"})
	mustPut(t, right, gone)

	s := m.Open(t, wrong)
	checkUnreadable(t, s, want)
	checkKept(t, right, c) // nothing was changed

	// Whoever lost a key can still put things in order.
	checkError(t, "Delete without the key", s.Delete(ctx, gone.Key), nil)
	again := Connection(key)
	mustPut(t, s, again)
	if again.Generation != c.Generation+1 {
		t.Errorf("connected again without the key: got generation %d, want %d", again.Generation, c.Generation+1)
	}
	checkKept(t, s, again)
}

// checkUnreadable checks that what is kept under key cannot be read, and that
// the errors name it and nothing else of it.
func checkUnreadable(t *testing.T, s connection.Store, want error) {
	t.Helper()
	_, getErr := s.Get(t.Context(), key)
	listErr := listed(t, s, key)
	for what, err := range map[string]error{"Get": getErr, "List": listErr} {
		checkError(t, what+" with the wrong key", err, want)
		checkError(t, what+" with the wrong key", err, connection.ErrUnreadable)
		if errors.Is(err, connection.ErrNoConnection) {
			t.Errorf("%s: a connection that cannot be read is said to be absent", what)
		}
		if err == nil || !strings.Contains(err.Error(), key.String()) || strings.Contains(err.Error(), Marker) {
			t.Errorf("%s: got the error %v, want one that names %s and quotes nothing", what, err, key)
		}
	}
}
