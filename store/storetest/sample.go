package storetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
)

// Marker begins every secret of [Connection], so that it can be looked for where
// no secret belongs.
const Marker = "s3cr3t-qZ7pKx"

// Connection returns an active connection of k in which every field is set,
// those that are added later too: what loses one fails.
func Connection(k connection.Key) *connection.Connection {
	var c connection.Connection
	n := 0
	fill(reflect.ValueOf(&c).Elem(), &n, 0)
	c.Key = k
	c.Status = connection.StatusActive
	c.Metadata = map[string]any{
		"text": "größer <&> \u2028", "number": 1.5, "whole": 42.0, "large": json.Number("12345678901234567890"),
		"yes": true, "nothing": nil, "list": []any{"a", 1.0, []any{}}, "map": map[string]any{"deep": map[string]any{}},
	}
	return &c
}

// fill sets v, and what is in it, to values that differ from all before.
func fill(v reflect.Value, n *int, depth int) {
	*n++
	switch v.Interface().(type) {
	case schema.Secret:
		v.Set(reflect.ValueOf(schema.NewSecret(fmt.Sprintf("%s-%d/+=\"\n", Marker, *n))))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 11, 22, 15, 4, 5, *n*1000, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n, depth)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d ü", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n, depth)
		fill(v.Index(1), n, depth)
	case reflect.Map:
		fillMap(v, n, depth)
	default:
		panic("storetest: no sample of " + v.Type().String())
	}
}

// fillMap goes two levels deep: tokens hold further tokens.
func fillMap(v reflect.Value, n *int, depth int) {
	if v.Type().Elem().Kind() == reflect.Interface || depth == 2 {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range 2 {
		elem := reflect.New(v.Type().Elem()).Elem()
		fill(elem, n, depth+1)
		v.SetMapIndex(reflect.ValueOf(fmt.Sprintf("name %d ü", *n)), elem)
	}
}

// Diff says how two connections differ, or nothing if they are the same.
// Secrets are compared by their text, times by their instant and by their zone.
func Diff(want, got *connection.Connection) string {
	return cmp.Diff(want, got,
		cmp.Comparer(func(a, b schema.Secret) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location().String() == b.Location().String() }))
}
