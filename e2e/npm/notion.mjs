// Notion's own client against the sandbox. Prints, as one line of JSON, what it
// made of each answer; the test judges.
//
// Environment: BASE_URL, where the sandbox plays https://api.notion.com; SANDBOX,
// its root; CLIENT_ID, CLIENT_SECRET, CODE and REDIRECT_URI of an authorization.
import { APIErrorCode, APIResponseError, Client, LogLevel, collectPaginatedAPI } from "@notionhq/client";

const { BASE_URL, SANDBOX, CLIENT_ID, CLIENT_SECRET, CODE, REDIRECT_URI } = process.env;
const own = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET };

let answered = 0; // HTTP answers that the client has seen

function client(auth, retry) {
  return new Client({
    auth,
    retry,
    baseUrl: BASE_URL,
    notionVersion: "2022-06-28", // the one that our blueprint speaks
    logLevel: LogLevel.ERROR,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      answered++;
      return response;
    },
  });
}

// fault asks the sandbox to misbehave once.
async function fault(name) {
  const body = new URLSearchParams({ integration: "notion", fault: name });
  const response = await fetch(`${SANDBOX}/_sandbox/fault`, { method: "POST", body });
  if (!response.ok) throw new Error(await response.text());
}

// thrown says how the client understood a failure.
async function thrown(promise) {
  try {
    return { answer: await promise };
  } catch (error) {
    return {
      name: error.name,
      code: error.code,
      status: error.status,
      message: error.message,
      known: error instanceof APIResponseError && Object.values(APIErrorCode).includes(error.code),
      requestID: error.request_id,
    };
  }
}

async function counted(promise) {
  const before = answered;
  const answer = await promise;
  return { answer, requests: answered - before };
}

const anyone = client(undefined, false);
const token = await anyone.oauth.token({ ...own, grant_type: "authorization_code", code: CODE, redirect_uri: REDIRECT_URI });
const notion = client(token.access_token, false);
const patient = client(token.access_token); // waits and tries again, as the client does by default

const saw = {};
saw.workspace = token.workspace_name;
saw.users = (await notion.users.list({})).results.map((user) => user.name);
saw.me = (await patient.users.me({})).type;
saw.pages = await counted(collectPaginatedAPI(patient.users.list, { page_size: 2 }).then((all) => all.length));
saw.unauthorized = await thrown(client("not-a-token", false).users.list({}));
saw.notFound = await thrown(patient.pages.retrieve({ page_id: "00000000-0000-4000-8000-000000000000" }));
await fault("429");
saw.rateLimited = await thrown(notion.users.list({}));
await fault("429");
saw.waited = await counted(patient.users.list({}).then((list) => list.results.length));

const refresh = { ...own, grant_type: "refresh_token", refresh_token: token.refresh_token };
const refreshed = await anyone.oauth.token(refresh);
saw.rotated = refreshed.refresh_token !== token.refresh_token;
saw.newToken = (await client(refreshed.access_token).users.me({})).type;
saw.usedTwice = await thrown(anyone.oauth.token(refresh));

console.log(JSON.stringify(saw));
