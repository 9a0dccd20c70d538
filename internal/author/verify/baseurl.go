package verify

import "fmt"

// baseURL finds out whether the documents know what the entry calls.
func (k *checker) baseURL() {
	k.base = templatePattern(k.Requests.BaseURL)
	if len(k.calls) == 0 {
		return
	}
	var servers []string
	for _, c := range k.calls {
		for _, s := range c.servers {
			if overlap(s.host, k.base.host) && k.base.begins(s.below(c.path)) {
				return
			}
			servers = append(servers, s.String())
		}
	}
	k.lost = true
	k.report(codeBase, []string{"requests", "base_url"}, fmt.Sprintf("nothing is at this base URL in %s, whose servers are %s", k.documents(), list(servers)), k.docs[0].at("/servers").where())
}
