package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

// certificate NAME HOST FROM UNTIL writes NAME.pem and NAME.key: a certificate for that host,
// signed by itself, which holds from so many days from now until so many.
func certificate(ts *testscript.TestScript, _ bool, args []string) {
	day := func(text string) time.Time {
		n, err := strconv.Atoi(text)
		ts.Check(err)
		return time.Now().AddDate(0, 0, n)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: args[1]}, DNSNames: []string{args[1]}, NotBefore: day(args[2]), NotAfter: day(args[3]),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ts.Check(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	for name, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
		ts.Check(os.WriteFile(ts.MkAbs(args[0]+name), pem.EncodeToMemory(block), 0o600))
	}
}

// tlsserver NAME serves TLS with the certificate of that name until the script ends, and sets
// $NAME, in capitals, to its port; without one the port takes connections and says nothing.
func tlsserver(ts *testscript.TestScript, _ bool, args []string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = ln.Close() })
	_, port, err := net.SplitHostPort(ln.Addr().String())
	ts.Check(err)
	ts.Setenv(strings.ToUpper(args[0]), port)
	pair, err := tls.LoadX509KeyPair(ts.MkAbs(args[0]+".pem"), ts.MkAbs(args[0]+".key"))
	if err != nil {
		return // the system takes the connections
	}
	srv := &http.Server{
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}, ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { panic("doctor has sent " + r.URL.String()) }),
	}
	go func() { _ = srv.ServeTLS(ln, "", "") }()
}

// ahead FILE KEYFILE INTEGRATION CONNECTION has the connection written two days from now, as a
// machine does whose clock is ahead.
func ahead(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	keys, err := seal.OpenKeyFile(ts.MkAbs(args[1]))
	ts.Check(err)
	store, err := sqlite.Open(ctx, ts.MkAbs(args[0]), keys, nil)
	ts.Check(err)
	defer store.Close()
	c, err := store.Get(ctx, connection.Key{Integration: args[2], ConnectionID: args[3]})
	ts.Check(err)
	c.UpdatedAt = time.Now().AddDate(0, 0, 2)
	ts.Check(store.Put(ctx, c))
}

// taken PORT takes a port of this machine until the script ends, if nobody has it.
func taken(ts *testscript.TestScript, _ bool, args []string) {
	if ln, err := net.Listen("tcp", "127.0.0.1:"+args[0]); err == nil {
		ts.Defer(func() { _ = ln.Close() })
	}
}
