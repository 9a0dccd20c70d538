package message

import ()

// Headers that the sandbox and its transports understand, beside FaultHeader.
const (
	RefusalHeader     = "X-Sandbox-Refusal"     // on every answer that refuses
	NoSampleHeader    = "X-Sandbox-No-Sample"   // on an answer that stands for one that the sandbox does not know
	IntegrationHeader = "X-Sandbox-Integration" // names the integration of a request

	// CertificateHeader carries the client's certificate, in Base64, to a sandbox that is
	// reached without TLS. Only the transports of this package set it.
	CertificateHeader = "X-Sandbox-Client-Certificate"
)
