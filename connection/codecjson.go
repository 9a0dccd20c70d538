package connection

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
)

// mapValues returns m with each value changed by f; nil stays nil.
func mapValues[V, W any](m map[string]V, f func(V) W) map[string]W {
	if m == nil {
		return nil
	}
	out := make(map[string]W, len(m))
	for k, v := range m {
		out[k] = f(v)
	}
	return out
}

// SealJSON returns v as JSON, sealed with s and bound to aad. Begin aad with what
// v is, so that one kind of thing is never opened as another.
func SealJSON(s Sealer, aad string, v any) ([]byte, error) {
	if s == nil {
		return nil, errors.New("no keys to seal with")
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, ErrEncoding // err may quote v
	}
	return s.Seal(plain, []byte(aad))
}

// OpenJSON reads into v what SealJSON sealed with the same aad.
func OpenJSON(s Sealer, aad string, sealed []byte, v any) error {
	if s == nil {
		return errors.New("no keys to open with")
	}
	plain, err := s.Open(sealed, []byte(aad))
	if err != nil {
		return err
	}
	if json.Unmarshal(plain, v) != nil {
		return ErrEncoding
	}
	return nil
}

var (
	minTime = time.Time{}.Add(time.Microsecond)
	maxTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// stamp returns t as it is kept. A provider may name an end that RFC 3339 cannot
// write; that is no reason to lose its tokens.
func stamp(t time.Time) time.Time {
	switch {
	case t.IsZero():
		return time.Time{}
	case t.Before(minTime):
		return minTime
	case t.After(maxTime):
		return maxTime
	}
	return t.UTC().Truncate(time.Microsecond)
}

func encodeMetadata(m map[string]any) (json.RawMessage, error) {
	if m == nil {
		return nil, nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, errors.New("metadata cannot be written as JSON") // err may quote it
	}
	return b, nil
}

func decodeMetadata(b json.RawMessage) (map[string]any, error) {
	if b == nil {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var m map[string]any
	if d.Decode(&m) != nil {
		return nil, ErrEncoding
	}
	for k, v := range m {
		m[k] = numbers(v)
	}
	return m, nil
}

// numbers returns decoded JSON with numbers as [Encode] promises them.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case json.Number:
		return number(v)
	}
	return v
}

// number returns n as float64, or as it is where float64 rounds whole numbers.
func number(n json.Number) any {
	f, err := n.Float64()
	if err != nil || f >= 1<<53 || f <= -1<<53 {
		return n
	}
	return f
}
