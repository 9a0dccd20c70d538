// An OpenID provider that nango-lite did not write: oidc-provider with the code
// flow, PKCE required, the device flow, client credentials, introspection,
// revocation, and refresh tokens that are good once (using one twice revokes the
// grant). It listens on a free loopback port and prints one line of JSON,
// {"issuer": …}, when it is ready.
//
// Environment: CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, and TOKEN_SECONDS, the
// life of an access token (3600). Two more clients take client credentials alone:
// "machine" with CLIENT_SECRET, and "signer", who signs (private_key_jwt) with the
// key whose public half is SIGNER_KEY, a JWK.
//
// Beside the provider's own routes:
//   GET  /_api               says whose access token it is shown, of any grant; or 401
//   GET  /_stats             what was granted and refused so far
//   POST /_silent            token answers say nothing of their end from now on
//   POST /_token?seconds=N   the life of access tokens from now on
//   POST /_slow?ms=N         the token endpoint thinks that long from now on
//   POST /_expire            forgets every access token; userinfo then answers 401
//   POST /_revoke            forgets every grant, as when a user takes it back
import http from "node:http";
import { setTimeout } from "node:timers/promises";
import { Provider } from "oidc-provider";

const { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SIGNER_KEY, TOKEN_SECONDS = "3600" } = process.env;
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";

let tokenSeconds = Number(TOKEN_SECONDS);
let slowMs = 0;
let silent = false;
const stats = { exchanges: 0, refreshes: 0, refused: [], revoked: 0, issued: 0, devices: 0, polls: 0, introspections: 0, revocations: 0 };
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
      grant_types: ["authorization_code", "refresh_token", DEVICE],
    },
    {
      client_id: "machine",
      client_secret: CLIENT_SECRET,
      token_endpoint_auth_method: "client_secret_basic",
      redirect_uris: [],
      response_types: [],
      grant_types: ["client_credentials"],
    },
    ...(SIGNER_KEY
      ? [
          {
            client_id: "signer",
            token_endpoint_auth_method: "private_key_jwt",
            jwks: { keys: [JSON.parse(SIGNER_KEY)] },
            redirect_uris: [],
            response_types: [],
            grant_types: ["client_credentials"],
          },
        ]
      : []),
  ],
  claims: { openid: ["sub"], email: ["email"] },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@harbour.example` }),
  }),
  pkce: { required: () => true },
  rotateRefreshToken: () => true,
  scopes: ["openid", "offline_access", "berths"],
  ttl: { AccessToken: () => tokenSeconds, ClientCredentials: () => tokenSeconds, RefreshToken: () => 24 * 3600 },
  features: {
    devInteractions: { enabled: true }, // its login page takes any name and password
    revocation: { enabled: true },
    introspection: { enabled: true },
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
  },
  cookies: { keys: ["not a secret"] },
});

provider.on("grant.success", (ctx) => {
  const counts = { refresh_token: "refreshes", client_credentials: "issued", [DEVICE]: "devices" };
  stats[counts[ctx.oidc.params.grant_type] ?? "exchanges"]++;
});
provider.on("grant.error", (ctx, err) => {
  if (err.error === "authorization_pending") {
    stats.polls++;
    return;
  }
  stats.refused.push(`${err.error}: ${err.error_detail ?? err.error_description}`);
});
provider.on("grant.revoked", () => stats.revoked++);
provider.on("access_token.saved", (token) => tokens.add(token));
provider.on("grant.saved", (grant) => grants.add(grant));
provider.on("server_error", (ctx, err) => console.error(err));

provider.use(async (ctx, next) => {
  await next();
  if (ctx.path === "/token" && silent) delete ctx.body?.expires_in;
  if (ctx.path === "/token/introspection" && ctx.status === 200) stats.introspections++;
  if (ctx.path === "/token/revocation" && ctx.status === 200) stats.revocations++;
});

async function whose(req) {
  const shown = /^Bearer (.+)$/.exec(req.headers.authorization ?? "")?.[1] ?? "";
  const token = (await provider.AccessToken.find(shown)) ?? (await provider.ClientCredentials.find(shown));
  return token && { client: token.clientId, account: token.accountId, scope: token.scope };
}

const own = {
  "GET /_stats": () => stats,
  "GET /_api": (url, req) => whose(req),
  "POST /_silent": () => ({ silent: (silent = true) }),
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
    const said = await answer(url, req);
    res.statusCode = said ? 200 : 401;
    res.setHeader("Content-Type", "application/json");
    res.end(JSON.stringify(said ?? { error: "invalid_token" }));
    return;
  }
  if (url.pathname === "/token" && slowMs) await setTimeout(slowMs);
  play(req, res);
});

console.log(JSON.stringify({ issuer }));
