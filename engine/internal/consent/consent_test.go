package consent_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/schema"
)

var (
	now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	key = connection.Key{Integration: "fjord", ConnectionID: "alice"}
)

// What is sealed comes back whole, every field of it: one that is added and forgotten
// in the sealed form is found here.
func TestSealedIsWhole(t *testing.T) {
	p, d := &consent.Pending{}, &consent.DeviceAuth{}
	for _, v := range []any{p, d} {
		fill(reflect.ValueOf(v).Elem())
		for i := range reflect.ValueOf(v).Elem().NumField() {
			if f := reflect.ValueOf(v).Elem(); f.Field(i).IsZero() {
				t.Fatalf("%T: the test does not fill %s", v, f.Type().Field(i).Name)
			}
		}
	}
	text, err := p.Seal(plainSealer{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := consent.OpenPending(text, plainSealer{}); err != nil || !reflect.DeepEqual(reveal(got), reveal(p)) {
		t.Errorf("got %v of %v, %v", reveal(got), reveal(p), err)
	}
	if text, err = d.Seal(plainSealer{}); err != nil {
		t.Fatal(err)
	}
	if got, err := consent.OpenDeviceAuth(text, plainSealer{}); err != nil || !reflect.DeepEqual(reveal(got), reveal(d)) {
		t.Errorf("got %v of %v, %v", reveal(got), reveal(d), err)
	}
	if _, err := consent.OpenPending(text, plainSealer{}); fault.KindOf(err) != fault.KindState {
		t.Errorf("a device authorization was opened as another: %v", err)
	}
}

// fill gives each field a value.
func fill(v reflect.Value) {
	switch x := v.Addr().Interface().(type) {
	case *schema.Secret:
		*x = schema.NewSecret("s3cret")
		return
	case *time.Time:
		*x = now
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(7)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		if value.Kind() == reflect.Interface {
			value.Set(reflect.ValueOf("text"))
		} else {
			fill(value)
		}
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("name"), value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// reveal returns the fields of v as text, secrets in the open.
func reveal(v any) map[string]string {
	out := map[string]string{}
	var walk func(name string, v reflect.Value)
	walk = func(name string, v reflect.Value) {
		switch x := v.Interface().(type) {
		case schema.Secret:
			out[name] = x.Reveal()
			return
		case time.Time:
			out[name] = x.String()
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(name+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Map:
			for _, k := range v.MapKeys() {
				walk(name+"."+k.String(), v.MapIndex(k))
			}
		default:
			out[name] = fmt.Sprint(v.Interface())
		}
	}
	walk("", reflect.ValueOf(v).Elem())
	return out
}

// plainSealer seals nothing but what for.
type plainSealer struct{}

func (plainSealer) Seal(plain, aad []byte) ([]byte, error) {
	return append(append([]byte{}, aad...), plain...), nil
}

func (plainSealer) Open(sealed, aad []byte) ([]byte, error) {
	plain, ok := strings.CutPrefix(string(sealed), string(aad))
	if !ok {
		return nil, errors.New("sealed for something else")
	}
	return []byte(plain), nil
}

// A state counts once, in time, and is forgotten when it would no longer count anyway.
func TestStatesCountOnce(t *testing.T) {
	var u consent.UsedStates
	p := &consent.Pending{Key: key, State: schema.NewSecret("state"), ExpiresAt: now.Add(time.Minute)}
	for _, row := range []struct {
		of    *consent.Pending
		state string
		after time.Duration
		want  string
	}{
		{p, "", 0, "has no state"},
		{p, "other", 0, "not the one that was sent"},
		{&consent.Pending{Key: key, ExpiresAt: p.ExpiresAt}, "state", 0, "not the one that was sent"},
		{p, "state", 61 * time.Second, "too long ago"},
		{p, "state", 0, ""},
		{p, "state", time.Minute, "used before"},
		{&consent.Pending{Key: key, State: p.State, ExpiresAt: now.Add(time.Hour)}, "state", 2 * time.Minute, ""},
	} {
		err := u.Accept("exchange", row.of, row.state, now.Add(row.after))
		if row.want == "" && err != nil || row.want != "" && (fault.KindOf(err) != fault.KindState || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%q after %s: got %v, want %q", row.state, row.after, err, row.want)
		}
	}
}

// RFC 8628 3.5: who is asked too often says so, and is asked less often from then on.
func TestPollsSlowDown(t *testing.T) {
	d := &consent.DeviceAuth{Key: key, Interval: 5 * time.Second}
	for _, row := range []struct {
		err  *fault.Error
		wait time.Duration
		kind fault.Kind // of the end; empty: to be asked again
	}{
		{&fault.Error{Code: "authorization_pending"}, 5 * time.Second, ""},
		{&fault.Error{Code: "slow_down"}, 10 * time.Second, ""},
		{&fault.Error{Code: "authorization_pending"}, 10 * time.Second, ""},
		{&fault.Error{Kind: fault.KindUnavailable}, 20 * time.Second, ""},
		{&fault.Error{Kind: fault.KindRateLimited, RetryAfter: 50 * time.Second}, 50 * time.Second, ""},
		{&fault.Error{Code: "access_denied"}, 0, fault.KindDenied},
		{&fault.Error{Code: "expired_token"}, 0, fault.KindState},
		{&fault.Error{Kind: fault.KindClient, Code: "invalid_client"}, 0, fault.KindClient},
	} {
		err := d.Undecided(row.err, now)
		pending := new(consent.StillPendingError)
		if again := errors.As(err, &pending); again != (row.kind == "") || pending.RetryAfter != row.wait || !again && fault.KindOf(err) != row.kind {
			t.Errorf("%v: got %v, again in %s; want %s, kind %q", row.err, err, pending.RetryAfter, row.wait, row.kind)
		}
	}
	if err := d.Undecided(context.Canceled, now); err != context.Canceled {
		t.Errorf("the caller's own end became %v", err)
	}
}
