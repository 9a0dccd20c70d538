package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// exampleKey is an API key, and brokerURL a server with the connection tides/user-42.
const exampleKey = "an-example-key-of-32-characters-or-more"

func brokerURL() (url string, end func()) {
	e, err := engine.New(&schema.Config{Integrations: integrations("https://tides.example")}, nil)
	if err != nil {
		panic(err)
	}
	_, err = e.Connect(context.Background(), user42, engine.Credentials{Token: engine.Token{
		AccessToken: schema.NewSecret(accessSecret), ExpiresAt: time.Now().Add(time.Hour),
	}}, nil)
	if err != nil {
		panic(err)
	}
	h, err := server.New(e, &server.Options{APIKey: schema.NewSecret(exampleKey)})
	if err != nil {
		panic(err)
	}
	s := httptest.NewServer(h)
	return s.URL, s.Close
}

func Example_tokenBroker() {
	url, end := brokerURL()
	defer end()

	config := clientcredentials.Config{ClientID: "tides/user-42", ClientSecret: exampleKey, TokenURL: url + "/oauth/token"}
	token, err := config.Token(context.Background()) // or config.Client(ctx): an *http.Client
	fmt.Println(token.Valid(), err)

	config.ClientID = "tides/nobody"
	_, err = config.Token(context.Background())
	if refused := new(oauth2.RetrieveError); errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
		fmt.Println("ask the user to connect")
	} else if errors.As(err, &refused) && refused.Response.StatusCode == http.StatusServiceUnavailable {
		fmt.Println("come back in", refused.Response.Header.Get("Retry-After"), "s")
	}
	// Output:
	// true <nil>
	// ask the user to connect
}
