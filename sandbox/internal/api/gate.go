package api

import (
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// A gate lets calls in that carry their credential and what else is declared.
type gate struct {
	*play.Stage
	guards  []match.Guard // headers and query parameters that API requests must have
	members []match.Guard // of the body, where there may be one
}

// newGate returns the gate on a stage; the error says which template cannot be read.
func newGate(stage *play.Stage) (*gate, error) {
	i := stage.Integration
	g := &gate{Stage: stage}
	var err error
	if g.guards, err = match.SignatureGuards(i.Auth.RequestSignature); err != nil {
		return nil, err
	}
	declared, err := match.CompileGuards(i, i.Requests.Headers, i.Requests.Params)
	if err != nil {
		return nil, err
	}
	g.guards = append(g.guards, declared...)
	g.members, err = match.CompileMembers(i)
	return g, err
}
