// An OAuth server that nango-lite did not write: @node-oauth/oauth2-server under
// express, with the code flow, PKCE, refresh tokens that are replaced each time, and
// client credentials. It listens on a free loopback port and prints one line of JSON,
// {"issuer": …}, when it is ready.
//
// Environment: CLIENT_ID, CLIENT_SECRET, REDIRECT_URI (any port is taken), and
// TOKEN_SECONDS, the life of an access token (3600).
//
// Routes: GET and POST /authorize (a page with the decision), POST /token, GET /me
// (who the token speaks of), GET /_stats.
import express from "express";
import OAuth2Server from "@node-oauth/oauth2-server";

const { CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, TOKEN_SECONDS = "3600" } = process.env;
const stats = { exchanges: 0, refreshes: 0, issued: 0, challenged: 0, refused: [] };
const codes = new Map();
const access = new Map();
const refresh = new Map();

const client = {
  id: CLIENT_ID,
  grants: ["authorization_code", "refresh_token", "client_credentials"],
  redirectUris: [REDIRECT_URI],
  accessTokenLifetime: Number(TOKEN_SECONDS),
};

const portless = (uri) => {
  const u = new URL(uri);
  u.port = "";
  return u.href;
};

const server = new OAuth2Server({
  requireClientAuthentication: { refresh_token: true },
  alwaysIssueNewRefreshToken: true,
  model: {
    getClient: (id, secret) => (id === CLIENT_ID && (secret === null || secret === CLIENT_SECRET) ? client : null),
    validateRedirectUri: (uri) => portless(uri) === portless(REDIRECT_URI), // RFC 8252 7.3
    validateScope: (user, of, scope) => scope ?? ["read"],
    verifyScope: () => true,
    getUserFromClient: () => ({ id: "the machine itself" }),
    saveAuthorizationCode: (code, of, user) => {
      if (code.codeChallenge) stats.challenged++;
      const saved = { ...code, client: of, user };
      codes.set(code.authorizationCode, saved);
      return saved;
    },
    getAuthorizationCode: (code) => codes.get(code),
    revokeAuthorizationCode: (code) => codes.delete(code.authorizationCode),
    saveToken: (token, of, user) => {
      const saved = { ...token, client: of, user };
      access.set(token.accessToken, saved);
      if (token.refreshToken) refresh.set(token.refreshToken, saved);
      return saved;
    },
    getAccessToken: (token) => access.get(token),
    getRefreshToken: (token) => refresh.get(token),
    revokeToken: (token) => refresh.delete(token.refreshToken),
  },
});

const app = express();
app.use(express.urlencoded({ extended: false }));

const handle = (act) => async (req, res) => {
  const response = new OAuth2Server.Response(res);
  try {
    await act(new OAuth2Server.Request(req), response, req);
  } catch (err) {
    stats.refused.push(`${err.name}: ${err.message}`);
    if (!response.get("location")) {
      response.status = err.code ?? 500;
      response.body = { error: err.name, error_description: err.message };
    }
  }
  const location = response.get("location");
  if (location) res.redirect(303, location);
  else res.status(response.status ?? 200).set(response.headers ?? {}).json(response.body);
};

app.get("/authorize", (req, res) => {
  const action = req.originalUrl.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  res.type("html").send(`<!DOCTYPE html><form method="post" action="${action}"><input name="login" value=""><button>Allow</button></form>`);
});
app.post(
  "/authorize",
  handle((request, response, req) =>
    server.authorize(request, response, { authenticateHandler: { handle: () => ({ id: req.body.login }) } }),
  ),
);
app.post(
  "/token",
  handle(async (request, response) => {
    await server.token(request, response);
    const counts = { refresh_token: "refreshes", client_credentials: "issued" };
    stats[counts[request.body.grant_type] ?? "exchanges"]++;
  }),
);
app.get(
  "/me",
  handle(async (request, response) => {
    const token = await server.authenticate(request, response);
    response.status = 200;
    response.body = { sub: token.user.id, email: `${token.user.id}@pier.example`, scope: token.scope };
  }),
);
app.get("/_stats", (req, res) => res.json(stats));

const listening = app.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ issuer: `http://127.0.0.1:${listening.address().port}` }));
});
