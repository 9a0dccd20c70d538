// Package oauth plays the endpoints that users consent at and clients get their
// credentials from: authorization, tokens, revocation, introspection, devices,
// discovery and registration, temporary credentials, roles. Start with [Server].
package oauth

import (
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/schema"
)

// A Server is the authorization server of a provider.
type Server struct {
	desk      *desk
	endpoints map[string]endpoint // by the name of the place, or how it begins
}

// An endpoint answers requests to a place.
type endpoint func(http.ResponseWriter, *http.Request, match.Location)

// New returns the authorization server on a stage.
func New(stage *play.Stage) *Server {
	d := &desk{Stage: stage, clients: &clients{stage}, answers: &answers{stage}}
	tokens := (&token{d}).serveToken
	s := &Server{d, map[string]endpoint{
		match.PlaceAuthorize:    (&consent{d}).serveConsent,
		match.PlaceToken:        tokens,
		match.PlaceRefresh:      tokens,
		match.PlaceRole:         (&role{d}).serveRole,
		match.PlaceRevoke:       (&revocation{d}).serveRevoke,
		match.PlaceIntrospect:   (&introspection{d}).serveIntrospect,
		match.PlacePushed:       (&consent{d}).servePushed,
		match.PlaceDevice:       (&deviceFlow{d}).serveDevice,
		match.PlaceVerification: (&deviceFlow{d}).serveVerification,
		match.PlaceResource:     (&metadata{d}).serveResource,
		match.PlaceServer:       (&metadata{d}).serveServer,
		match.PlaceRegister:     (&registration{d}).serveRegister,
	}}
	if stage.Integration.Auth.AuthMode.Mode().Consent == schema.ConsentTemporary {
		credentials := (&oauth1{d}).serveOAuth1
		s.endpoints[match.PlaceRequest], s.endpoints[match.PlaceToken] = credentials, credentials
	}
	return s
}

// Serve answers at the places of an authorization server; ok is false for any other.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, at match.Location) (ok bool) {
	if strings.HasPrefix(at.Name, match.PlaceStep) {
		(&steps{s.desk}).serveStep(w, r, at)
		return true
	}
	serve, ok := s.endpoints[at.Name]
	if ok {
		serve(w, r, at)
	}
	return ok
}

// Refuse answers a request to any of the places that is not in order.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, ref *message.Refusal) {
	s.desk.refuse(w, r, ref)
}
