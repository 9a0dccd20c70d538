// An MCP server that nango-lite did not write: that of the protocol's own SDK, with
// its authorization router (dynamic registration, PKCE, resource metadata) over a
// provider in memory, and its bearer middleware before /mcp. It listens on a free
// loopback port and prints one line of JSON, {"url": …}, when it is ready.
//
// Beside the SDK's routes:
//   POST /consent   what the form of the consent page sends
//   GET  /_stats    what was registered, granted and refused so far
//   POST /_expire   forgets every access token; /mcp then answers 401
//   POST /_forget   forgets every client, as a server without a database does
import crypto from "node:crypto";
import http from "node:http";
import express from "express";
import { InvalidGrantError, InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { getOAuthProtectedResourceMetadataUrl, mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const app = express();
const server = http.createServer(app);
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = new URL(`http://127.0.0.1:${server.address().port}`);
const resource = new URL("/mcp", issuer);

const clients = new Map();
const asked = new Map(); // authorization requests at the consent page
const codes = new Map();
const access = new Map();
const refresh = new Map();
const stats = { clients: [], exchanges: 0, refreshes: 0, revoked: 0, resources: [] };
const fresh = () => crypto.randomBytes(24).toString("base64url");

function grant(client, scopes, target) {
  const token = fresh();
  const next = fresh();
  access.set(token, { token, clientId: client.client_id, scopes, expiresAt: Math.floor(Date.now() / 1000) + 3600, resource: target });
  refresh.set(next, { client: client.client_id, scopes, target });
  return { access_token: token, token_type: "bearer", expires_in: 3600, scope: scopes.join(" "), refresh_token: next };
}

function mustBeOurs(target) {
  stats.resources.push(String(target));
  if (String(target) !== resource.href) throw new InvalidGrantError("another resource");
}

const provider = {
  clientsStore: {
    getClient: (id) => clients.get(id),
    registerClient(client) {
      clients.set(client.client_id, client);
      stats.clients.push({ name: client.client_name, method: client.token_endpoint_auth_method, redirects: client.redirect_uris });
      return client;
    },
  },
  async authorize(client, params, res) {
    const id = fresh();
    asked.set(id, { client, params });
    res.type("html").send(`<form method="post" action="/consent"><input type="hidden" name="id" value="${id}"><button>Allow</button></form>`);
  },
  async challengeForAuthorizationCode(client, code) {
    const c = codes.get(code);
    if (!c || c.client.client_id !== client.client_id) throw new InvalidGrantError("unknown code");
    return c.params.codeChallenge;
  },
  async exchangeAuthorizationCode(client, code, _verifier, redirect, target) {
    const c = codes.get(code);
    codes.delete(code);
    if (!c || c.params.redirectUri !== redirect || String(c.params.resource) !== String(target)) throw new InvalidGrantError("not as it was asked for");
    mustBeOurs(target);
    stats.exchanges++;
    return grant(client, c.params.scopes, target);
  },
  async exchangeRefreshToken(client, token, _scopes, target) {
    const r = refresh.get(token);
    if (!r || r.client !== client.client_id) throw new InvalidGrantError("unknown refresh token");
    mustBeOurs(target);
    refresh.delete(token);
    stats.refreshes++;
    return grant(client, r.scopes, target);
  },
  async verifyAccessToken(token) {
    const t = access.get(token);
    if (!t) throw new InvalidTokenError("unknown token");
    return t;
  },
  async revokeToken() {
    stats.revoked++;
  },
};

app.use(mcpAuthRouter({ provider, issuerUrl: issuer, resourceServerUrl: resource, scopesSupported: ["lamps:read", "lamps:write"], resourceName: "Lamps" }));

app.post("/consent", express.urlencoded({ extended: false }), (req, res) => {
  const a = asked.get(req.body.id);
  asked.delete(req.body.id);
  const code = fresh();
  codes.set(code, a);
  const back = new URL(a.params.redirectUri);
  back.searchParams.set("code", code);
  back.searchParams.set("state", a.params.state);
  res.redirect(303, back.href);
});
app.get("/_stats", (_req, res) => res.json(stats));
app.post("/_expire", (_req, res) => {
  access.clear();
  res.end();
});
app.post("/_forget", (_req, res) => {
  clients.clear();
  res.end();
});

const bearer = requireBearerAuth({
  verifier: provider, requiredScopes: ["lamps:read"],
  resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resource), expectedResource: resource,
});
app.all("/mcp", bearer, express.json(), async (req, res) => {
  const mcp = new McpServer({ name: "lamps", version: "1.0.0" });
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  res.on("close", () => transport.close());
  await mcp.connect(transport);
  await transport.handleRequest(req, res, req.body);
});

console.log(JSON.stringify({ url: resource.href }));
