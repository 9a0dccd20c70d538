package sandbox

import "github.com/nango-lite/nango-lite/sandbox/internal/match"

// PrivateKey is a private key that everyone knows: where a connection or an app
// signs, the sandbox checks the signature by this one. It is several keys in PEM,
// one for each kind of signature (RSA, P-256, P-384, P-521, Ed25519), and protects
// nothing.
const PrivateKey = match.PrivateKey
