package schema

import (
	"fmt"
	"slices"
)

// A Function is what a name with parentheses does in a placeholder. All work on
// bytes, and join what they are given.
type Function struct {
	Min, Max  int      // how many values it takes; Max < 0: any number
	Raw       bool     // it gives bytes that are no text
	TakesRaw  bool     // it may be given such bytes
	Generates bool     // it makes a value, the same one wherever it stands in a request
	Words     []string // what its only value may be, literally
}

// Functions are those that there are, by name. Digests are raw bytes: base64,
// base64url and hex write them. The first value of an hmac is its key.
var Functions = map[string]Function{
	"base64":      {Min: 1, Max: -1, TakesRaw: true},
	"base64url":   {Min: 1, Max: -1, TakesRaw: true}, // without padding
	"hex":         {Min: 1, Max: -1, TakesRaw: true}, // in lower case
	"md5":         {Min: 1, Max: -1, Raw: true, TakesRaw: true},
	"sha1":        {Min: 1, Max: -1, Raw: true, TakesRaw: true},
	"sha256":      {Min: 1, Max: -1, Raw: true, TakesRaw: true},
	"sha512":      {Min: 1, Max: -1, Raw: true, TakesRaw: true},
	"hmac_sha1":   {Min: 2, Max: -1, Raw: true, TakesRaw: true},
	"hmac_sha256": {Min: 2, Max: -1, Raw: true, TakesRaw: true},
	"hmac_sha512": {Min: 2, Max: -1, Raw: true, TakesRaw: true},
	"lower":       {Min: 1, Max: -1}, // of ASCII
	"upper":       {Min: 1, Max: -1},
	"urlencode":   {Min: 1, Max: -1}, // RFC 3986: all but letters, digits and -._~
	"now":         {Max: 1, Generates: true, Words: []string{"s", "ms", "iso"}},
	"uuid":        {Generates: true}, // version 4
	"nonce":       {Generates: true}, // 32 hexadecimal digits
}

// NowFormat returns what r, which is a call of now, writes: s (the default) or ms
// since 1970, or iso, the time in UTC as 2006-01-02T15:04:05Z.
func (r Ref) NowFormat() string {
	if len(r.Args) == 0 {
		return "s"
	}
	return r.Args[0][0].Literal
}

// A FunctionError says what is wrong with a function in a template. It quotes names
// alone.
type FunctionError struct {
	Func    string
	Message string
	Unknown bool // there is no such function
}

func (e *FunctionError) Error() string { return e.Func + "(): " + e.Message }

// CheckFunctions returns a [*FunctionError] for the first function of t that there
// is not, or that is given what it cannot take.
func (t Template) CheckFunctions() error {
	for _, p := range t.Parts {
		for _, r := range p.Refs {
			if err := r.check(); err != nil {
				return err
			}
			if Functions[r.Func].Raw {
				return r.raw()
			}
		}
	}
	return nil
}

func (r Ref) raw() error {
	return &FunctionError{Func: r.Func, Message: "a digest is no text: write it as base64, base64url or hex"}
}

func (r Ref) check() error {
	if r.Func == "" {
		return nil
	}
	f, ok := Functions[r.Func]
	switch {
	case !ok:
		return &FunctionError{Func: r.Func, Message: "there is no such function", Unknown: true}
	case len(r.Args) < f.Min:
		return &FunctionError{Func: r.Func, Message: fmt.Sprintf("it takes at least %d, and is given %d", f.Min, len(r.Args))}
	case f.Max >= 0 && len(r.Args) > f.Max:
		return &FunctionError{Func: r.Func, Message: fmt.Sprintf("it takes at most %d, and is given %d", f.Max, len(r.Args))}
	}
	for _, arg := range r.Args {
		if f.Words != nil && (len(arg) != 1 || !arg[0].IsLiteral() || !slices.Contains(f.Words, arg[0].Literal)) {
			return &FunctionError{Func: r.Func, Message: fmt.Sprintf("it takes one of '%s', '%s', '%s', in quotes", f.Words[0], f.Words[1], f.Words[2])}
		}
		for _, alternative := range arg {
			if err := alternative.check(); err != nil {
				return err
			}
			if Functions[alternative.Func].Raw && !f.TakesRaw {
				return alternative.raw()
			}
		}
	}
	return nil
}

// Computed reports whether t holds a function, so that what it gives is not what its
// names give.
func (t Template) Computed() bool {
	return t.hasFunc(func(Ref) bool { return true })
}

// Constant reports whether t gives the same text whatever the values.
func (t Template) Constant() bool { return len(t.Refs()) == 0 && !t.Computed() }

// Generated reports whether t holds a value that is made anew for each request.
func (t Template) Generated() bool {
	return t.hasFunc(func(r Ref) bool { return Functions[r.Func].Generates })
}

func (t Template) hasFunc(is func(Ref) bool) bool {
	return slices.ContainsFunc(t.Parts, func(p Part) bool { return hasFunc(p.Refs, is) })
}

func hasFunc(refs []Ref, is func(Ref) bool) bool {
	return slices.ContainsFunc(refs, func(r Ref) bool {
		return r.Func != "" && is(r) || slices.ContainsFunc(r.Args, func(arg []Ref) bool { return hasFunc(arg, is) })
	})
}
