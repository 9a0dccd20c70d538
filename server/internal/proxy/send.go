package proxy

import "net/http"

// send is client.Do for answers that are no redirects: net/http would copy all headers of
// the request, in case one comes. If one does, the client gets the answer there is, and
// follows it.
func send(client *http.Client, r *http.Request) (*http.Response, error) {
	resp, err := client.Transport.RoundTrip(r)
	if err != nil || resp.Header.Get("Location") == "" {
		return resp, err
	}
	following := *client
	following.Transport = &answered{resp, client.Transport}
	return following.Do(r)
}

// answered is a transport whose first request was answered already.
type answered struct {
	first *http.Response
	next  http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (a *answered) RoundTrip(r *http.Request) (*http.Response, error) {
	if resp := a.first; resp != nil {
		a.first = nil
		return resp, nil
	}
	return a.next.RoundTrip(r)
}
