// Nango's frontend client, as it is, in a headless browser against "nango-lite serve":
// through the sandbox's consent page in a popup, and by each way without one. Sessions
// are made by Nango's client for Node. Prints, as one line of JSON, what each made of it;
// the test judges.
//
// Environment: URL of the server, KEY with every scope, CHROMIUM, the program.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { Nango } from "@nangohq/node";
import { chromium } from "playwright-core";

const { URL: server, KEY, CHROMIUM } = process.env;
const dist = dirname(fileURLToPath(import.meta.resolve("@nangohq/frontend")));

// A page of the product, at an origin of its own.
const product = createServer(async (request, response) => {
  const path = new URL(request.url, "http://product").pathname;
  try {
    if (path.startsWith("/nango/")) {
      response.setHeader("Content-Type", "text/javascript");
      response.end(await readFile(join(dist, normalize(path.slice("/nango".length)))));
      return;
    }
    response.setHeader("Content-Type", "text/html");
    response.end(`<!DOCTYPE html><title>product</title><script type="module">
      import Nango from "/nango/index.js";
      window.messages = [];
      window.addEventListener("message", (event) => window.messages.push({ origin: event.origin, data: event.data }));
      window.connect = async (method, config, ...args) => {
        try {
          const result = await new Nango(config)[method](...args);
          return { ok: true, ...result };
        } catch (error) {
          return { ok: false, type: error.type, message: error.message };
        }
      };
    </script>`);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => product.listen(Number(process.env.PORT ?? 0), "127.0.0.1", done));
const origin = `http://127.0.0.1:${product.address().port}`;

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const context = await browser.newContext();
context.setDefaultTimeout(40_000); // a loaded machine is slow, and never that slow
const page = await context.newPage();
await page.goto(origin);
await page.waitForFunction(() => window.connect !== undefined);

const node = new Nango({ host: server, secretKey: KEY });
const session = async (integration, more = {}) =>
  (await node.createConnectSession({ end_user: { id: "7", email: "mira@example.com" }, allowed_integrations: [integration], ...more })).data.token;

const connect = (method, token, ...args) =>
  page.evaluate(([m, config, rest]) => window.connect(m, config, ...rest), [method, { host: server, connectSessionToken: token }, args]);

// popup connects at the provider's page, where press does what the user does.
async function popup(method, token, integration, press, options) {
  const opened = context.waitForEvent("page");
  const result = connect(method, token, integration, ...(options ? [options] : []));
  const window = await opened;
  const texts = [];
  const pressed = press(window, texts).catch((error) => texts.push(`${error}`));
  const got = await Promise.race([result, pressed.then(() => Promise.race([result, late(45_000)]))]);
  return { ...got, texts };
}

// late says that nothing has come, so that the test can say where.
const late = (wait) => new Promise((done) => setTimeout(done, wait, { ok: false, type: "nothing came" }));

const button = (decision) => async (window) => {
  await window.locator(`button[value=${decision}]`).click();
};

const saw = { origin, popup: {}, typed: {}, sessions: {} };

saw.popup.allow = await popup("auth", await session("notion", { tags: { team: "harbour" } }), "notion", button("allow"));
saw.popup.deny = await popup("auth", await session("notion"), "notion", button("deny"));
saw.popup.params = await popup("auth", await session("notion"), "notion", button("allow"), { authorization_params: { login_hint: "mira" } });
saw.popup.oauth1 = await popup("auth", await session("semaphore"), "semaphore", button("allow"), { params: { coast: "north" } });
saw.popup.device = await popup("auth", await session("beacon"), "beacon", async (window, texts) => {
  const code = await window.locator(".code").innerText();
  texts.push(code);
  const other = await context.newPage();
  await other.goto(await window.locator("a").getAttribute("href"));
  await other.locator("input[name=user_code]").fill(code);
  // It stays open: to close a page that is on its way to another may never end, in Chromium.
  await Promise.all([other.waitForNavigation(), other.locator("button[value=allow]").click()]);
});
saw.popup.choice = await popup("auth", await session("shipyard"), "shipyard", async (window, texts) => {
  const chosen = () => window.waitForResponse((response) => response.url().includes("/oauth/choose"));
  await window.locator("button[value=allow]").click();
  for (const legend of ["Yard", "Dock"]) {
    await window.locator("legend", { hasText: legend }).waitFor();
    texts.push(...(await window.locator("fieldset label").allInnerTexts()).map((text) => text.trim()));
    await window.locator("input[type=radio]").last().check();
    await Promise.all([chosen(), window.locator("button[type=submit]").click()]);
  }
});
saw.popup.unknown = await popup("auth", "nango_connect_session_" + "0".repeat(64), "notion", async () => {});
saw.popup.other = await popup("auth", await session("notion"), "semaphore", async () => {});

const again = (await node.createReconnectSession({ connection_id: saw.popup.allow.connectionId, integration_id: "notion" })).data;
saw.popup.reconnect = await popup("reconnect", again.token, "notion", button("allow"));
saw.sessions.link = again.connect_link;
saw.sessions.connection = await node
  .getConnection("notion", saw.popup.allow.connectionId)
  .then((c) => ({ type: c.credentials.type }), (error) => ({ code: error.response?.data?.error?.code ?? error.message }));
saw.sessions.called = await node.get({ endpoint: "/v1/users", providerConfigKey: "notion", connectionId: saw.popup.allow.connectionId }).then((r) => r.data.object, (error) => error.message);
saw.sessions.wrong = await new Nango({ host: server, secretKey: "nlk_wrong" }).createConnectSession({ end_user: { id: "7" } }).catch((error) => ({ status: error.response.status, code: error.response.data.error.code }));
saw.sessions.nobody = await node.createReconnectSession({ connection_id: "nobody", integration_id: "notion" }).catch((error) => ({ status: error.response.status, code: error.response.data.error.code }));

const typed = async (integration, credentials, params) =>
  connect("auth", await session(integration), integration, { credentials, ...(params ? { params } : {}) });

saw.typed.apiKey = await typed("keyed", { apiKey: "invented-key" }, { tenant: "t-7" });
saw.typed.apiKeyWrong = await typed("keyed", { apiKey: "invented-key" }, { tenants: "t-7" });
saw.typed.basic = await typed("desk", { username: "mira", password: "invented" });
saw.typed.basicUserOnly = await typed("close", { username: "invented-name" });
saw.typed.clientCredentials = await typed("ledger", { client_id: "key-7", client_secret: "invented" });
saw.typed.clientCredentialsWrong = await typed("ledger", { client_id: "seven", client_secret: "invented" });
saw.typed.twoStep = await typed("turnstile", { type: "TWO_STEP", username: "mira", password: "invented" }, { site: "north" });
saw.typed.jwt = await typed("lantern", { type: "JWT", ...JSON.parse(process.env.LANTERN) });
saw.typed.signature = await typed("foghorn", { type: "SIGNATURE", username: "bob", password: "invented-secret" });
saw.typed.signatureWrong = await typed("foghorn", { type: "SIGNATURE", username: "bob", password: "wrong" });
saw.typed.tba = await typed("abacus", { token_id: "invented-token", token_secret: "invented-token-secret" }, { account: "1234567_SB1", host: "1234567-sb1" });
saw.typed.aws = await typed("roles", { type: "AWS_SIGV4", role_arn: "arn:aws:iam::123456789012:role/reader" }, { external_id: "tenant-7" });
saw.typed.none = await connect("create", await session("open"), "open");
saw.typed.outbound = await connect("auth", await session("open"), "open", { installation: "outbound", credentials: {} });
saw.typed.otherMode = await typed("desk", { apiKey: "invented" });
const used = await session("open");
await connect("create", used, "open");
saw.typed.twice = await connect("create", used, "open");

// The window that was opened tells its opener, and nobody else.
const link = `${server}/oauth/connect/notion?connect_session_token=${await session("notion")}&opener_origin=${encodeURIComponent(origin)}`;
const opened = context.waitForEvent("page");
await page.evaluate((at) => void window.open(at, "_blank"), link);
await button("allow")(await opened);
await page.waitForFunction(() => window.messages.length > 0).catch(() => {});
saw.messages = await page.evaluate(() => window.messages);

console.log(JSON.stringify(saw));
await browser.close();
process.exit(0); // whatever still waits
