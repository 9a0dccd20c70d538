package rules

import (
	"errors"
	"fmt"
	"time"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/clientcert"
)

// certificateSoon is how long before its end a certificate is warned of.
const certificateSoon = 30 * 24 * time.Hour

// certificate: what a server would refuse shows at the first handshake only, and
// there without a reason.
func (r *checker) certificate() {
	certificate, key := r.Root.Field("client_certificate"), r.Root.Field("client_certificate_key")
	id, byTLS := r.Root.Field("oauth_client_id"), r.Root.Str("auth", "authorization_method") == schema.ClientAuthTLS
	switch {
	case certificate != nil && key == nil:
		r.report(certificate.At, "missing-key", `"client_certificate" without "client_certificate_key"`, "")
	case certificate == nil && key != nil:
		r.report(key.At, "missing-key", `"client_certificate_key" without "client_certificate"`, "")
	case certificate == nil && r.Root.Str("auth", "client_certificate") == "required":
		r.report(r.Key, "missing-key", `missing key "client_certificate"`, "this API wants one; write client_certificate: ${file:/run/secrets/client.pem}")
	case certificate == nil && byTLS && id != nil:
		r.report(id.At, "missing-key", `"oauth_client_id" without "client_certificate"`, "auth.authorization_method is tls_client_auth")
	}
	if text, ok := textOf(certificate); ok {
		r.certificateText(certificate.Value, text)
	}
	text, ok := textOf(key)
	if !ok {
		return
	}
	if _, err := clientcert.Key(text); err != nil {
		r.report(key.Value.Origin, "bad-private-key", `"client_certificate_key": `+err.Error(), "")
	} else if chain, ok := textOf(certificate); ok {
		if _, err := clientcert.Pair(chain, text); errors.Is(err, clientcert.ErrForeignKey) {
			r.report(key.Value.Origin, "bad-private-key", `"client_certificate_key": `+err.Error(), "")
		}
	}
}

func textOf(f *tree.Field) (string, bool) {
	if f == nil || f.Value.Kind != tree.String || f.Value.Bad {
		return "", false
	}
	return f.Value.Text, true
}

func (r *checker) certificateText(n *tree.Node, text string) {
	now := r.Now
	chain, err := clientcert.Chain(text)
	if err != nil {
		r.report(n.Origin, "bad-certificate", `"client_certificate": `+err.Error(), "")
		return
	}
	const day = "2006-01-02"
	switch own := chain[0]; {
	case now.After(own.NotAfter):
		r.report(n.Origin, "bad-certificate", fmt.Sprintf(`"client_certificate" has ended, on %s`, own.NotAfter.UTC().Format(day)), "")
	case now.Before(own.NotBefore):
		r.report(n.Origin, "bad-certificate", fmt.Sprintf(`"client_certificate" begins on %s`, own.NotBefore.UTC().Format(day)), "")
	case own.NotAfter.Sub(now) < certificateSoon:
		r.warn(n.Origin, "bad-certificate", fmt.Sprintf(`"client_certificate" ends on %s`, own.NotAfter.UTC().Format(day)), "ask for the next one; a program that runs on takes it over when the file is loaded again")
	}
}
