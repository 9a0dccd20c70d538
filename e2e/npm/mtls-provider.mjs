// A server that lets nobody in without a client certificate, and that nango-lite did
// not write: oidc-provider over Node's TLS, with tls_client_auth and access tokens that
// are bound to the certificate (RFC 8705). It listens on a free loopback port and
// prints {"issuer": …} when it is ready.
//
// Environment: CERT, KEY and CA, paths of PEM files: its own, and that of the
// authority that issues client certificates; SUBJECT, the subject of the client's.
//
// Beside the provider's own routes:
//   GET  /_api    says whose access token it is shown; 401 unless the token is bound to
//                 the certificate of the connection
//   GET  /_stats  whose certificates came, and what was refused
import { createHash } from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import { Provider } from "oidc-provider";

const { CERT, KEY, CA, SUBJECT } = process.env;
const stats = { subjects: [], refused: [], issued: 0 };

const server = https.createServer({
  cert: fs.readFileSync(CERT), key: fs.readFileSync(KEY), ca: fs.readFileSync(CA),
  requestCert: true, rejectUnauthorized: true,
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `https://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "gate",
      token_endpoint_auth_method: "tls_client_auth",
      tls_client_auth_subject_dn: SUBJECT,
      tls_client_certificate_bound_access_tokens: true,
      redirect_uris: [],
      response_types: [],
      grant_types: ["client_credentials"],
    },
  ],
  clientAuthMethods: ["tls_client_auth"],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      certificateBoundAccessTokens: true,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate()?.toString(),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === "tls_client_auth_subject_dn" && ctx.socket.getPeerX509Certificate()?.subject === expected,
    },
  },
  cookies: { keys: ["not a secret"] },
});
provider.on("grant.success", () => stats.issued++);
provider.on("grant.error", (ctx, err) => stats.refused.push(`${err.error}: ${err.error_detail ?? err.error_description}`));
provider.on("server_error", (ctx, err) => console.error(err));

const play = provider.callback();
server.on("request", async (req, res) => {
  const certificate = req.socket.getPeerX509Certificate();
  stats.subjects.push(certificate.subject);
  const say = (status, what) => {
    res.statusCode = status;
    res.setHeader("Content-Type", "application/json");
    res.end(JSON.stringify(what));
  };
  switch (req.url) {
    case "/_stats":
      return say(200, stats);
    case "/_api": {
      const shown = /^Bearer (.+)$/.exec(req.headers.authorization ?? "")?.[1] ?? "";
      const token = await provider.ClientCredentials.find(shown);
      const bound = token?.["x5t#S256"] ?? token?.jkt;
      if (!token || bound !== createHash("sha256").update(certificate.raw).digest("base64url")) return say(401, { error: "invalid_token" });
      return say(200, { client: token.clientId, bound });
    }
  }
  play(req, res);
});

console.log(JSON.stringify({ issuer }));
