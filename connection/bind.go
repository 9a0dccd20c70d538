package connection

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keyAAD is what the sealed part of k's connection is bound to in keyVersion. The
// length keeps a/b + c apart from a + b/c.
func keyAAD(k Key) string {
	return "connection/1 " + strconv.Itoa(len(k.Integration)) + ":" + k.Integration + "/" + k.ConnectionID
}

// aad is what the sealed part is bound to: the values of all that can be read. It is
// made of the values and not of their JSON, because a later version of Go may write the
// same values in other bytes, and every connection would be lost.
func (w *wireOpen) aad() (string, error) {
	var b strings.Builder
	b.WriteString("connection/2 ")
	err := bind(&b, reflect.ValueOf(w).Elem())
	return b.String(), err
}

// bind writes v so that no two values give the same text: each has its kind before it,
// and its length or its end behind. Fields of a struct that are zero are left out, so
// that a struct which gets another field later still gives what it gave.
func bind(b *strings.Builder, v reflect.Value) error {
	switch x := v.Interface().(type) {
	case time.Time:
		fmt.Fprintf(b, "t%d;", x.UnixMicro())
		return nil
	case json.RawMessage:
		m, err := decodeMetadata(x)
		if err != nil {
			return err
		}
		return bind(b, reflect.ValueOf(m))
	case json.Number:
		fmt.Fprintf(b, "n%d:%s", len(x), string(x))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		fmt.Fprintf(b, "s%d:%s", v.Len(), v.String())
	case reflect.Int64:
		fmt.Fprintf(b, "i%d;", v.Int())
	case reflect.Float64:
		fmt.Fprintf(b, "f%x;", math.Float64bits(v.Float()))
	case reflect.Bool:
		fmt.Fprintf(b, "b%t;", v.Bool())
	case reflect.Slice:
		fmt.Fprintf(b, "l%d:", v.Len())
		for i := range v.Len() {
			if err := bindIn(b, v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		return bindMap(b, v)
	case reflect.Struct:
		return bindStruct(b, v)
	default:
		return fmt.Errorf("%w: a %s cannot be bound", ErrEncoding, v.Type())
	}
	return nil
}

// bindIn writes an element, which JSON may have left nil.
func bindIn(b *strings.Builder, v reflect.Value) error {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		b.WriteString("z;")
		return nil
	}
	return bind(b, v)
}

func bindMap(b *strings.Builder, v reflect.Value) error {
	values := map[string]reflect.Value{}
	for _, k := range v.MapKeys() {
		values[k.String()] = v.MapIndex(k)
	}
	fmt.Fprintf(b, "m%d:", len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(b, "s%d:%s", len(name), name)
		if err := bindIn(b, values[name]); err != nil {
			return err
		}
	}
	return nil
}

func bindStruct(b *strings.Builder, v reflect.Value) error {
	b.WriteString("{")
	for i := range v.NumField() {
		f := v.Field(i)
		if zero, ok := f.Interface().(interface{ IsZero() bool }); ok && zero.IsZero() || f.IsZero() {
			continue
		}
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		fmt.Fprintf(b, "s%d:%s", len(name), name)
		if err := bind(b, f); err != nil {
			return err
		}
	}
	b.WriteString("}")
	return nil
}
