// A connection from its first day to its second, in a headless browser: its user connects
// on the connect page, takes the grant back at the provider, and connects again by the link
// that the operator sends. Prints, as one line of JSON, what came of each call and what the
// product was told; the test judges.
//
// Environment: URL of the server, SANDBOX of the provider, KEY with every scope, CHROMIUM,
// PORT where the product hears webhooks.
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const { URL: server, SANDBOX, KEY, CHROMIUM } = process.env;
const saw = { told: [], calls: {} };
const product = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  saw.told.push(JSON.parse(body));
  response.end();
});
await new Promise((done) => product.listen(Number(process.env.PORT), "127.0.0.1", done));

const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" };
const call = async (name) => {
  const response = await fetch(`${server}/c/notion/user-7/v1/users`, { headers });
  saw.calls[name] = { status: response.status, code: response.headers.get("X-Nango-Lite-Error") };
};
// told waits until the product has been told of so many things.
const told = async (count) => {
  for (let i = 0; i < 400 && saw.told.length < count; i++) await new Promise((done) => setTimeout(done, 100));
};

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const context = await browser.newContext();
context.setDefaultTimeout(40_000);
const consent = async (page) => {
  await page.locator("button[value=allow]").click();
  await page.getByRole("heading", { name: "Connected" }).waitFor();
};

const session = await fetch(`${server}/connect/sessions`, {
  method: "POST", headers, body: JSON.stringify({ allowed_integrations: ["notion"], connection_id: "user-7", tags: { team: "harbour" } }),
}).then((r) => r.json());
const user = await context.newPage();
await user.goto(session.data.connect_link);
await consent(user);
await call("connected");
await told(1);

await fetch(`${SANDBOX}/_sandbox/fault`, { method: "POST", body: new URLSearchParams({ integration: "notion", fault: "revoked" }) });
await call("revoked");
await call("revoked, once more");
await told(2);

const operator = await context.newPage();
await operator.goto(`${server}/ui`);
await operator.getByLabel("API key").fill(KEY);
await Promise.all([operator.waitForNavigation(), operator.keyboard.press("Enter")]);
saw.list = await operator.locator("main").innerText();
saw.lines = await operator.locator("table").first().getByRole("link").count();
await operator.getByRole("link", { name: "notion/user-7" }).first().click();
await Promise.all([operator.waitForNavigation(), operator.getByRole("button", { name: "Make a link for the user" }).click()]);
saw.link = await operator.getByLabel("Link").inputValue();

await user.goto(saw.link);
await consent(user);
await call("again");
await told(3);
saw.connection = await fetch(`${server}/connections/user-7?provider_config_key=notion`, { headers }).then((r) => r.json()).then((c) => ({ id: c.connection_id, tags: c.tags, errors: c.errors }));
await new Promise((done) => setTimeout(done, 300)); // for what must not come
console.log(JSON.stringify(saw));
await browser.close();
process.exit(0);
