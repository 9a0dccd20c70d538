package hosted

import "github.com/nango-lite/nango-lite/server/internal/page"

// shared is what the templates of all pages of this room are given.
type shared struct {
	W          *wording
	Token      string
	PageOrigin string // of the page that is told what becomes of it
	Here       string
}

// Embedded reports whether another page shows this one, or has opened it.
func (s shared) Embedded() bool { return s.PageOrigin != "" }

func (h *Hosted) shared(v *visit) shared {
	return shared{W: &words, Token: v.token, PageOrigin: v.origin, Here: h.path(v, "")}
}

func (h *Hosted) sheet(status int, title string) *page.Sheet {
	return &page.Sheet{Look: h.Site.Look(), Status: status, Title: title, Scripts: true}
}

// parts are the templates that several pages use. The script searches in the list, opens
// the provider's page in a window of its own where ours is in a frame (providers refuse to be
// framed), and hands on what that window tells. Without it all works, but in a tab.
const parts = `
{{define "window"}}<div id="window" role="status" hidden><p>{{.W.Window}}</p><p><a href="{{.Here}}">{{.W.Finished}}</a></p></div>{{end}}
{{define "script"}}
<script nonce="{{.Nonce}}">
(() => {
  const origin = {{.PageOrigin}}, here = {{.Here}};
  const product = window.parent !== window ? window.parent : window.opener;
  const tell = (message) => { if (origin && product) product.postMessage(message, origin); };
  const search = document.getElementById('search');
  if (search) {
    search.closest('p').hidden = false;
    const items = [...document.querySelectorAll('#list li')];
    search.addEventListener('input', () => {
      const word = search.value.trim().toLowerCase();
      let shown = 0;
      for (const li of items) {
        li.hidden = !li.textContent.toLowerCase().includes(word);
        if (!li.hidden) shown++;
      }
      document.getElementById('none').hidden = shown > 0;
    });
  }
  const open = (url) => {
    document.getElementById('window').hidden = false;
    return window.open(url, 'nango_lite_consent', 'popup,width=620,height=820');
  };
  for (const a of document.querySelectorAll('a[data-window]'))
    a.addEventListener('click', (e) => { e.preventDefault(); open(a.href); });
  for (const f of document.querySelectorAll('form[data-window]'))
    f.addEventListener('submit', () => { if (open('')) f.target = 'nango_lite_consent'; });
  window.addEventListener('message', (e) => {
    if (e.origin !== location.origin || !e.data || !['connect', 'error'].includes(e.data.type)) return;
    tell(e.data);
    if (e.data.type === 'connect') location.replace(here);
  });
  tell({type: 'ready'});
})();
</script>
{{end}}`
