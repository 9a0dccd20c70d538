package server_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A user who consents on another device sees the code on a page of ours, which asks the
// provider at its pace and no faster, however often it is looked at.
func TestDevicePage(t *testing.T) {
	s := connecting(t, nil)
	in := s.integration("tides")
	in.Auth.AuthorizationURL, in.Auth.DeviceAuthorizationURL = "", s.provider.URL+"/api/device"
	s.reload()
	s.answerAPI(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"device_code": "s3cret-device", "user_code": "WDJB-MJHT", "verification_uri": "https://tides.example/device", "interval": 5, "expires_in": 600}`)
	})
	var asked atomic.Int64
	allowed := false
	s.answerToken(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		if !allowed {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `{"error": "authorization_pending"}`)
			return
		}
		_, _ = io.WriteString(w, `{"access_token": "new-token", "token_type": "Bearer"}`)
	})
	ws, id := s.waits("")
	j := jar{}
	a := s.do("GET", "/oauth/connect/tides?connect_session_token="+s.session(`{"connection_id": "user-7"}`)+"&ws_client_id="+id, nil)
	at := a.Header.Get("Location")
	if a.StatusCode != 303 || !strings.HasPrefix(at, "/oauth/device?flow=") {
		t.Fatalf("%d %s %s", a.StatusCode, at, a.body)
	}
	j.keep(a)
	look := func(j jar) answer { return s.do("GET", at, nil, j.header()...) }
	for range 3 {
		a = look(j)
		if a.StatusCode != 200 || !strings.Contains(a.body, "WDJB-MJHT") || !strings.Contains(a.body, `href="https://tides.example/device"`) || !strings.Contains(a.body, `http-equiv="refresh"`) || strings.Contains(a.body, "s3cret") {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the provider was asked %d times before its interval", n)
	}
	if a := look(jar{}); a.StatusCode != 400 || strings.Contains(a.body, "WDJB") {
		t.Errorf("another browser: %d %s", a.StatusCode, a.body)
	}
	s.advance(6 * time.Second)
	look(j)
	look(j)
	if n := asked.Load(); n != 1 {
		t.Errorf("the provider was asked %d times in one interval", n)
	}
	allowed = true
	s.advance(6 * time.Second)
	if a := look(j); a.StatusCode != 200 || !strings.Contains(a.body, "Connected") || !s.has("user-7") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if m := s.message(ws); m["message_type"] != "success" {
		t.Errorf("the page that waits was told %v", m)
	}
	if a := look(j); a.StatusCode != 400 {
		t.Errorf("afterwards: %d", a.StatusCode)
	}
}
