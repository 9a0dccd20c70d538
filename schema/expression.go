package schema

import (
	"errors"
	"strings"
)

// maxNesting is how deep functions may stand in functions.
const maxNesting = 8

var (
	errNoName  = errors.New("placeholder is not a name: names are lower case, such as ${access_token} or ${connection.region}")
	errParens  = errors.New("placeholder is not well formed: a function is written name(first, second), with values in it that are names, functions or 'text'")
	errNesting = errors.New("placeholder is not well formed: functions stand too deep in functions")
)

// parseExpression reads what stands between ${ and }: alternatives, each a name, a
// 'literal', or a function of expressions.
func parseExpression(text string) ([]Ref, error) {
	p := expression{rest: text}
	refs, err := p.alternatives(0)
	if err == nil && p.rest != "" {
		err = errNoName
		if p.rest[0] == ')' || p.rest[0] == ',' {
			err = errParens
		}
	}
	return refs, err
}

// An expression is text that is being read.
type expression struct{ rest string }

func (p *expression) space() { p.rest = strings.TrimSpace(p.rest) }

// take reports whether the rest begins with token, and reads it.
func (p *expression) take(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = rest
		p.space()
	}
	return ok
}

// alternatives reads up to the first token that is no part of them.
func (p *expression) alternatives(depth int) ([]Ref, error) {
	var refs []Ref
	for {
		r, err := p.ref(depth)
		if err != nil {
			return nil, err
		}
		refs = append(refs, r)
		if !p.take("||") {
			return refs, nil
		}
	}
}

func (p *expression) ref(depth int) (Ref, error) {
	p.space()
	if rest, ok := strings.CutPrefix(p.rest, "'"); ok {
		literal, rest, closed := strings.Cut(rest, "'")
		if !closed {
			return Ref{}, errNoName
		}
		p.rest = rest
		p.space()
		return Ref{Literal: literal}, nil
	}
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !isNameRune(r) })
	if end < 0 {
		end = len(p.rest)
	}
	name := p.rest[:end]
	if !refName.MatchString(name) {
		return Ref{}, errNoName
	}
	p.rest = p.rest[end:]
	if strings.HasPrefix(p.rest, "(") {
		return p.function(name, depth+1)
	}
	p.space()
	return Ref{Name: name}, nil
}

func isNameRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-' || r == '.'
}

// function reads the parentheses after a name.
func (p *expression) function(name string, depth int) (Ref, error) {
	if strings.Contains(name, ".") {
		return Ref{}, errParens
	}
	if depth > maxNesting {
		return Ref{}, errNesting
	}
	p.take("(")
	f := Ref{Func: name}
	if p.take(")") {
		return f, nil
	}
	for {
		arg, err := p.alternatives(depth)
		if err != nil {
			return Ref{}, err
		}
		f.Args = append(f.Args, arg)
		if p.take(")") {
			return f, nil
		}
		if !p.take(",") {
			return Ref{}, errParens
		}
	}
}
