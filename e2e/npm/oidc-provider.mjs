// An OpenID provider that nango-lite did not write: oidc-provider with the code
// flow, PKCE required, and refresh tokens that are good once (using one twice
// revokes the grant). It listens on a free loopback port and prints one line of
// JSON, {"issuer": …}, when it is ready.
//
// Environment: CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, and TOKEN_SECONDS, the
// life of an access token (3600).
//
// Beside the provider's own routes:
//   GET  /_stats             what was granted and refused so far
//   POST /_token?seconds=N   the life of access tokens from now on
//   POST /_slow?ms=N         the token endpoint thinks that long from now on
//   POST /_expire            forgets every access token; userinfo then answers 401
//   POST /_revoke            forgets every grant, as when a user takes it back
import http from "node:http";
import { setTimeout } from "node:timers/promises";
import { Provider } from "oidc-provider";

const { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, TOKEN_SECONDS = "3600" } = process.env;

let tokenSeconds = Number(TOKEN_SECONDS);
let slowMs = 0;
const stats = { exchanges: 0, refreshes: 0, refused: [], revoked: 0 };
const tokens = new Set();
const grants = new Set();

async function forget(all) {
  const forgotten = [...all];
  all.clear();
  await Promise.all(forgotten.map((one) => one.destroy()));
  return { forgotten: forgotten.length };
}

const server = http.createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      token_endpoint_auth_method: "client_secret_basic",
      application_type: "native", // loopback redirects, on any port (RFC 8252, 7.3)
      redirect_uris: [REDIRECT_URI],
      grant_types: ["authorization_code", "refresh_token"],
    },
  ],
  claims: { openid: ["sub"], email: ["email"] },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@harbour.example` }),
  }),
  pkce: { required: () => true },
  rotateRefreshToken: () => true,
  ttl: { AccessToken: () => tokenSeconds, RefreshToken: () => 24 * 3600 },
  features: {
    devInteractions: { enabled: true }, // its login page takes any name and password
    revocation: { enabled: true },
    introspection: { enabled: true },
  },
  cookies: { keys: ["not a secret"] },
});

provider.on("grant.success", (ctx) => {
  if (ctx.oidc.params.grant_type === "refresh_token") stats.refreshes++;
  else stats.exchanges++;
});
provider.on("grant.error", (ctx, err) => {
  stats.refused.push(`${err.error}: ${err.error_detail ?? err.error_description}`);
});
provider.on("grant.revoked", () => stats.revoked++);
provider.on("access_token.saved", (token) => tokens.add(token));
provider.on("grant.saved", (grant) => grants.add(grant));
provider.on("server_error", (ctx, err) => console.error(err));

const own = {
  "GET /_stats": () => stats,
  "POST /_token": (url) => ({ seconds: (tokenSeconds = Number(url.searchParams.get("seconds"))) }),
  "POST /_slow": (url) => ({ ms: (slowMs = Number(url.searchParams.get("ms"))) }),
  "POST /_expire": () => forget(tokens),
  "POST /_revoke": () => forget(grants),
};

const play = provider.callback();
server.on("request", async (req, res) => {
  const url = new URL(req.url, issuer);
  const answer = own[`${req.method} ${url.pathname}`];
  if (answer) {
    res.setHeader("Content-Type", "application/json");
    res.end(JSON.stringify(await answer(url)));
    return;
  }
  if (url.pathname === "/token" && slowMs) await setTimeout(slowMs);
  play(req, res);
});

console.log(JSON.stringify({ issuer }));
