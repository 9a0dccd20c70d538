// A resource whose users an OpenID provider authorises, neither written by
// nango-lite: oidc-provider with dynamic registration, resource indicators and no
// client known beforehand, at a port of its own and below a path. It serves OpenID
// discovery alone. The resource is bare http: it names the provider in its metadata,
// and asks the provider about tokens. Prints one line of JSON, {"url": …, "issuer": …}.
//
// Environment: METHOD, the one way of client authentication that the provider takes
// (client_secret_basic).
//
// Beside the provider's own routes:
//   GET /_stats   what was registered, granted and refused so far
import http from "node:http";
import { Provider } from "oidc-provider";

const { METHOD = "client_secret_basic" } = process.env;

async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

const identity = http.createServer();
const issuer = `${await listen(identity)}/north`;
const site = http.createServer();
const origin = await listen(site);
const resource = `${origin}/v1/lamps`;

const stats = { clients: [], exchanges: 0, refreshes: 0, refused: [] };
const provider = new Provider(issuer, {
  clientAuthMethods: [METHOD],
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  pkce: { required: () => true },
  rotateRefreshToken: () => true,
  scopes: ["openid", "offline_access", "lamps:read"],
  ttl: { AccessToken: 3600, RefreshToken: 24 * 3600 },
  features: {
    devInteractions: { enabled: true },
    registration: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => false, // each token request names it (RFC 8707)
      getResourceServerInfo: (_ctx, name) => {
        if (name !== resource) throw new Error(`no such resource: ${name}`);
        return { scope: "lamps:read", audience: resource, accessTokenFormat: "opaque" };
      },
    },
  },
  cookies: { keys: ["not a secret"] },
});
provider.on("registration_create.success", (_ctx, client) => {
  stats.clients.push({ name: client.clientName, method: client.tokenEndpointAuthMethod, type: client.applicationType, redirects: client.redirectUris });
});
provider.on("registration_create.error", (_ctx, err) => stats.refused.push(`${err.error}: ${err.error_description}`));
provider.on("grant.success", (ctx) => {
  if (ctx.oidc.params.grant_type === "refresh_token") stats.refreshes++;
  else stats.exchanges++;
});
for (const name of ["grant.error", "authorization.error"]) {
  provider.on(name, (_ctx, err) => stats.refused.push(`${err.error}: ${err.error_detail ?? err.error_description}`));
}
provider.on("server_error", (_ctx, err) => console.error(err));

const play = provider.callback();
identity.on("request", (req, res) => {
  if (req.url === "/_stats") {
    res.end(JSON.stringify(stats));
    return;
  }
  if (!req.url.startsWith("/north/")) {
    res.writeHead(404).end();
    return;
  }
  req.originalUrl = req.url; // as express has it for a mounted app
  req.url = req.url.slice("/north".length);
  play(req, res);
});

site.on("request", async (req, res) => {
  const reply = (status, body, headers = {}) => res.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
  if (req.url === "/.well-known/oauth-protected-resource/v1/lamps") {
    reply(200, { resource, authorization_servers: [issuer], scopes_supported: ["lamps:read"] });
    return;
  }
  const token = req.headers.authorization?.replace(/^Bearer /, "");
  const known = token && (await provider.AccessToken.find(token));
  if (!known?.aud || known.aud !== resource || !known.scope?.includes("lamps:read")) {
    reply(401, { error: "invalid_token" }, { "WWW-Authenticate": 'Bearer error="invalid_token"' });
    return;
  }
  reply(200, { lamps: [1, 2], user: known.accountId });
});

console.log(JSON.stringify({ url: resource, issuer }));
