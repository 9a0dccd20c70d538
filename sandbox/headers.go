package sandbox

// Headers that the sandbox and its transports understand, beside faultHeader.
const (
	refusalHeader     = "X-Sandbox-Refusal"     // on every answer that refuses
	integrationHeader = "X-Sandbox-Integration" // names the integration of a request

	// certificateHeader carries the client's certificate, in Base64, to a sandbox that is
	// reached without TLS. Only the transports of this package set it.
	certificateHeader = "X-Sandbox-Client-Certificate"
)
