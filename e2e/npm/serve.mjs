// Programs of others, as they are, against "nango-lite serve". Prints, as one line of
// JSON, what each made of the answers; the test judges.
//
// Environment: URL of the server, KEY with every scope.
import { APIErrorCode, APIResponseError, Client, LogLevel, collectPaginatedAPI } from "@notionhq/client";
import { Nango } from "@nangohq/node";
import * as openid from "openid-client";
import { ClientCredentials } from "simple-oauth2";

const { URL: server, KEY } = process.env;

// outcome says what came of a promise.
async function outcome(promise, pick) {
  try {
    return pick(await promise);
  } catch (error) {
    return {
      name: error.name,
      status: error.status ?? error.response?.status ?? error.output?.statusCode,
      code: error.error ?? error.data?.payload?.error ?? error.response?.data?.error?.code ?? error.response?.data?.code ?? error.code,
    };
  }
}

function token(answer) {
  return { token: answer.access_token, type: answer.token_type.toLowerCase(), expires: answer.expires_in, refresh: answer.refresh_token };
}

function openidClient(id, secret, auth) {
  const config = new openid.Configuration({ issuer: server, token_endpoint: `${server}/oauth/token` }, id, {}, auth(secret));
  openid.allowInsecureRequests(config); // the server of the test has no certificate
  return outcome(openid.clientCredentialsGrant(config), token);
}

function simpleOAuth2(id, secret, options) {
  const client = new ClientCredentials({ client: { id, secret }, auth: { tokenHost: server, tokenPath: "/oauth/token" }, options });
  return outcome(client.getToken({}), (answer) => token(answer.token));
}

function notion(auth, options) {
  return new Client({ auth, notionVersion: "2022-06-28", logLevel: LogLevel.ERROR, retry: { maxRetries: 0 }, ...options });
}

function notionError(error) {
  return {
    status: error.status, code: error.code,
    known: error instanceof APIResponseError && Object.values(APIErrorCode).includes(error.code),
  };
}

async function notionSees(client) {
  const names = (await collectPaginatedAPI(client.users.list, {})).map((user) => user.name);
  let missing;
  try {
    await client.pages.retrieve({ page_id: "6c01cd6d-2b1f-4e36-a1d9-d0f9ab3a0000" });
  } catch (error) {
    missing = notionError(error);
  }
  return { names, missing };
}

const nango = new Nango({ host: server, secretKey: KEY });
const at = { providerConfigKey: "notion", connectionId: "default" };
const seen = (response) => ({ status: response.status, object: response.data.object, count: response.data.results?.length });

const saw = {
  openid: {
    basic: await openidClient("notion/default", KEY, openid.ClientSecretBasic),
    post: await openidClient("notion/default", KEY, openid.ClientSecretPost),
    wrong: await openidClient("notion/default", "nlk_wrong", openid.ClientSecretBasic),
    nobody: await openidClient("notion/no body", KEY, openid.ClientSecretBasic),
  },
  simple: {
    header: await simpleOAuth2("notion/default", KEY, { authorizationMethod: "header" }),
    body: await simpleOAuth2("notion/default", KEY, { authorizationMethod: "body" }),
    wrong: await simpleOAuth2("notion/default", "nlk_wrong"),
    nobody: await simpleOAuth2("notion/nobody", KEY),
  },
  nango: {
    get: await outcome(nango.get({ ...at, endpoint: "/v1/users", params: { page_size: "2" } }), seen),
    post: await outcome(nango.post({ ...at, endpoint: "/v1/search", data: { query: "tide" } }), seen),
    proxy: await outcome(nango.proxy({ ...at, method: "GET", endpoint: "/v1/users/me", headers: { "X-Mine": "1" }, retries: 2, retryOn: [409] }), seen),
    decompress: await outcome(nango.get({ ...at, endpoint: "/v1/users", decompress: true }), seen),
    missing: await outcome(nango.get({ ...at, endpoint: "/v1/pages/none" }), seen),
    nobody: await outcome(nango.get({ ...at, connectionId: "nobody", endpoint: "/v1/users" }), seen),
    wrong: await outcome(new Nango({ host: server, secretKey: "nlk_wrong" }).get({ ...at, endpoint: "/v1/users" }), seen),
  },
  connections: {
    list: await outcome(nango.listConnections({ limit: 10 }), (a) => a.connections.map((c) => `${c.provider}/${c.connection_id}`)),
    none: await outcome(nango.listConnections({ userId: "7", tags: { email: "a@b.example" } }), (a) => a.connections.map((c) => c.connection_id)),
    get: await outcome(nango.getConnection("notion", "default"), (c) => ({ token: c.credentials.access_token, type: c.credentials.type, code: c.connection_id })),
    refreshed: await outcome(nango.getConnection("notion", "default", true, true), (c) => ({ token: c.credentials.access_token, refresh: c.credentials.refresh_token })),
    token: await outcome(nango.getToken("notion", "default"), (token) => ({ token })),
    raw: await outcome(nango.getRawTokenResponse("notion", "default"), (raw) => ({ token: raw.access_token, refresh: raw.refresh_token })),
    metadata: await outcome(nango.getMetadata("notion", "default"), (metadata) => ({ code: JSON.stringify(metadata) })),
  },
  path: await notionSees(notion(KEY, { baseUrl: `${server}/c/notion/default` })),
  headers: await notionSees(notion(KEY, {
    baseUrl: `${server}/proxy`,
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, "Provider-Config-Key": "notion", "Connection-Id": "default" } }),
  })),
};
saw.connections.removed = await outcome(nango.deleteConnection("notion", "default"), (a) => ({ status: a.status }));
saw.connections.gone = await outcome(nango.getConnection("notion", "default"), (c) => ({ code: c.connection_id }));
console.log(JSON.stringify(saw));
