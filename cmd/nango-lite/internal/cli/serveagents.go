package cli

import (
	"net/http"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/version"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/server/tools"
)

// agents offers the operations that an API key reaches as tools. A server with a public
// address stands behind a proxy, where requests are for that.
func (v *serving) agents(w http.ResponseWriter, r *http.Request, a server.Agent, publicURL string) {
	integrations := v.whole.Config().Integrations
	var offers []tools.Offer
	for _, reach := range a.Reach {
		in := integrations[reach.Integration]
		if in == nil {
			continue // the file has changed this moment
		}
		offer := tools.Offer{Engine: v.whole.Engine, Integration: in, Key: engine.Key{Integration: reach.Integration}}
		if reach.More {
			offer.Others = a.Reaches
		}
		if len(reach.Connections) == 0 {
			offers = append(offers, offer)
		}
		for _, id := range reach.Connections {
			offer.Key.ConnectionID = id
			offers = append(offers, offer)
		}
	}
	tools.ServeHTTP(w, r, tools.Options{Offers: offers, Effects: a.Effects, Link: a.Link, AnyHost: publicURL != "" && !isLocal(publicURL), Version: version.Current().Version})
}
