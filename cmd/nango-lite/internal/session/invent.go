package session

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/schema/signingkey"
)

// Inventions make up, for the sandbox, what a file leaves open. The same gap is
// always filled with the same text, so that what one run connects another run can
// refresh.
type Inventions struct{ made []loader.Invention }

func (m *Inventions) invent(gap loader.Invention) (string, bool) {
	text := inventedText(gap)
	if !slices.ContainsFunc(m.made, func(g loader.Invention) bool {
		return g.Integration == gap.Integration && g.Key == gap.Key && g.Variable == gap.Variable
	}) {
		m.made = append(m.made, gap)
	}
	return text, true
}

// inventedText makes up what the schema takes there.
func inventedText(gap loader.Invention) string {
	if gap.Whole() {
		switch {
		case len(gap.Enum) > 0:
			return gap.Enum[0]
		case takesOnly(gap, "number", "integer"):
			return "1"
		case takesOnly(gap, "boolean"):
			return "false"
		}
	}
	switch gap.Key {
	case "oauth_private_key":
		return sandbox.PrivateKey
	case "client_certificate":
		return sandbox.ClientCertificate
	case "client_certificate_key":
		return sandbox.ClientCertificateKey
	}
	text := named(gap)
	pattern, err := regexp.Compile(gap.Pattern)
	for _, t := range []string{text, "https://" + sandboxHost(gap.Integration), "/sandbox"} {
		if err == nil && pattern.MatchString(gap.Before+t+gap.After) {
			return t
		}
	}
	return text
}

func takesOnly(gap loader.Invention, types ...string) bool {
	return len(gap.Types) > 0 && !slices.ContainsFunc(gap.Types, func(t string) bool { return !slices.Contains(types, t) })
}

// named goes by what the gap is called.
func named(gap loader.Invention) string {
	host := sandboxHost(gap.Integration)
	last := gap.Key[strings.LastIndexByte(gap.Key, '.')+1:]
	name := gap.Variable
	if name == "" {
		name = gap.Integration + "_" + last
		if strings.HasSuffix(last, "_url") {
			return "https://" + host + "/" + strings.TrimSuffix(last, "_url")
		}
	}
	switch {
	case gap.Before == "" && hasWord(name, "URL", "URI", "ORIGIN", "ENDPOINT"):
		return "https://" + host
	case hasWord(name, "HOST", "HOSTNAME", "DOMAIN"):
		return host
	}
	return "sandbox-" + slug(name)
}

// sandboxHost is a host that nobody has.
func sandboxHost(integration string) string { return slug(integration) + ".sandbox.example" }

// hasWord reports whether the name of a variable ends with one of the words.
func hasWord(name string, words ...string) bool {
	last := name[strings.LastIndexByte(name, '_')+1:]
	return slices.Contains(words, last)
}

// slug makes one label of a host's name.
func slug(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, s), "-")
}

// inventKey makes a client secret that was made up one that can sign, where it has to
// (RSA-SHA1).
func inventKey(in *schema.Integration) {
	if in.Auth.Signature() != signingkey.RSASHA1 {
		return
	}
	if _, err := signingkey.Parse(signingkey.RSASHA1, "", in.OAuthClientSecret.Reveal()); err != nil {
		in.OAuthClientSecret = schema.NewSecret(sandbox.PrivateKey)
	}
}

// TellInventions says what was made up for an integration, or for all if it is
// empty: each gap under --trace, else their number.
func (s *Session) TellInventions(made *Inventions, integration string) {
	if made == nil {
		return
	}
	var gaps []string
	for _, gap := range made.made {
		if integration == "" || gap.Integration == "" || gap.Integration == integration {
			gaps = append(gaps, describeGap(gap))
		}
	}
	switch {
	case len(gaps) == 0:
	case s.Trace:
		for _, gap := range gaps {
			s.Tracef("invent", "%s: made up for the sandbox", gap)
		}
	default:
		s.Notef("sandbox: made up %s that the configuration leaves open (--trace names them)", console.Plural(len(gaps), "value"))
	}
}

func describeGap(gap loader.Invention) string {
	switch {
	case gap.Variable != "":
		return "variable " + gap.Variable + " is not set"
	case gap.Placeholder != "":
		return gap.Key + " still reads " + gap.Placeholder
	}
	return gap.Key + " comes from a file that cannot be read"
}

// sandboxTimeout ends an attempt in the sandbox, so that nobody waits long for a
// fault. A file that states a timeout is heard.
const sandboxTimeout = 1

func shortTimeout(in *schema.Integration) {
	for i := range in.Values {
		v := &in.Values[i]
		if v.Path == "http_request_timeout_seconds" && v.Origin.IsDefault() {
			seconds := float64(sandboxTimeout)
			in.HTTPRequestTimeoutSeconds = &seconds
			v.Text, v.Origin.Reference = strconv.Itoa(sandboxTimeout), "--sandbox"
		}
	}
}
