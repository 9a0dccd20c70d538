// Package sandbox plays a provider from its integration: consent page, token
// endpoint, API, rate limit and errors, as the blueprint declares them.
//
// # What it proves, and what it does not
//
// It proves that a client and a blueprint agree with each other. It does not
// prove that the blueprint is right about the provider: whatever is wrong in the
// blueprint is wrong here in the same way. That needs facts from the provider:
// its documentation, or answers recorded from it. Samples hold invented data.
//
// # Where to start
//
// [New] makes a [Provider] from a resolved integration. [NewMux] puts several
// together; [Mux.Transport] plays them in the process, without a socket, under
// the providers' real URLs, and the Mux itself is an http.Handler that plays them
// on a port under /{integration}/{host}/path. [RemoteTransport] and [BrowserURL]
// reach such a port. [Allow] is the user who consents.
//
// The sandbox is strict on purpose. It refuses the wrong client authentication,
// a missing PKCE verifier, another redirect URI, scopes joined the wrong way, a
// code used twice, a refresh token that was rotated, a header that is missing;
// and it says why, in error_description or in the provider's error message and
// always in the header X-Sandbox-Refusal. No reason holds a credential.
//
// Of this module it imports schema alone, above all not the engine, and signatures
// are judged by code that is not what the engine signs with: the two must be able to
// disagree.
package sandbox
