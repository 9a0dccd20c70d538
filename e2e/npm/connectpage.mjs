// The connect page of "nango-lite serve" in a headless browser, as users meet it: by its
// link, in a frame and in a popup of a product's page; by keyboard alone, without scripts, in
// light and dark. axe-core looks at each page. Prints, as one line of JSON, what it saw; the
// test judges.
//
// Environment: URL of the server, KEY with every scope, CHROMIUM, PORT of the product;
// SHOTS, a directory for screenshots.
import { createServer } from "node:http";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { fits, still, violations } from "./look.mjs";

const { URL: server, KEY, CHROMIUM, SHOTS } = process.env;

// A page of the product, which loads the server's script as its documentation says.
const product = createServer((_, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end(`<!DOCTYPE html><html lang="en"><title>product</title><div id="here"></div><button>Connect</button>
<script src="${server}/connect.js"></script>
<script>
  window.events = [];
  window.start = (sessionToken, framed) => { window.running = NangoLite.connect({
    sessionToken, container: framed ? document.getElementById('here') : undefined, onEvent: (e) => window.events.push(e) }); };
</script></html>`);
});
await new Promise((done) => product.listen(Number(process.env.PORT), "127.0.0.1", done));
const origin = `http://127.0.0.1:${process.env.PORT}`;

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const context = await browser.newContext({ viewport: { width: 800, height: 900 } });
context.setDefaultTimeout(Number(process.env.PATIENCE ?? 40_000));
const saw = { flows: {}, axe: {}, events: {}, complaints: [] };
context.on("page", (page) => page.on("console", (message) => {
  if (/Content.Security.Policy|Refused to/i.test(message.text())) saw.complaints.push(message.text());
}));

async function api(method, path, body) {
  const response = await fetch(server + path, { method, headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return response.json();
}
const session = async (allowed, more = {}) => (await api("POST", "/connect/sessions", { allowed_integrations: allowed, ...more })).data.token;
const link = (token) => `${server}/connect?session_token=${token}`;
const heading = (page) => page.locator("h1").innerText();

// look has axe-core look at a page: at all of it in light, and in dark at what is other there,
// the contrast of colours.
const look = (name, page) => still(page, async () => {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    saw.axe[`${name}, ${colorScheme}`] = await violations(page, colorScheme === "dark" ? ["color-contrast"] : undefined);
    if (!SHOTS) continue;
    await page.setViewportSize(colorScheme === "dark" ? { width: 400, height: 720 } : { width: 800, height: 640 });
    await page.screenshot({ path: join(SHOTS, `${name.replaceAll(" ", "-")}-${colorScheme}.png`) });
    await page.setViewportSize({ width: 800, height: 900 });
  }
  if (!(await fits(page))) saw.axe[`${name}, width`] = ["the page is wider than its window"];
  await page.emulateMedia({ colorScheme: null });
});

// Consent: no, and then yes, from a list.
{
  const page = await context.newPage();
  await page.goto(link(await session(["notion", "keyed", "desk", "ledger", "turnstile", "beacon"])));
  await look("list", page);
  await page.getByLabel("Search").fill("noti");
  saw.flows.searched = await page.locator("#list li:visible").allInnerTexts();
  await page.getByRole("link", { name: "Notion" }).click();
  await page.locator("button[value=deny]").click();
  saw.flows.denied = await heading(page);
  await look("denied", page);
  await page.getByRole("link", { name: "Try again" }).click();
  await page.getByRole("link", { name: "Notion" }).click();
  await page.locator("button[value=allow]").click();
  saw.flows.OAUTH2 = await heading(page);
  await look("connected", page);
  await page.getByRole("link", { name: "Back to the list" }).click();
  saw.flows.listed = await page.locator("#list li").first().innerText();
  await page.close();
}

// typed fills in a form by keyboard alone, and returns the title of what comes.
async function typed(name, integration, values, { shot } = {}) {
  const page = await context.newPage();
  await page.goto(link(await session([integration])));
  if (shot) await look(shot, page);
  for (const [label, value] of Object.entries(values)) {
    const input = page.getByLabel(label, { exact: true });
    for (let i = 0; i < 20 && !(await input.evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press("Tab");
    await page.keyboard.type(value);
  }
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await page.waitForFunction(() => document.querySelector("[role=alert], h1")?.innerText);
  saw.flows[name] = (await page.locator("[role=alert]").count()) ? await page.locator("[role=alert]").innerText() : await heading(page);
  return page;
}
for (const [name, integration, values, more] of JSON.parse(process.env.TYPED)) {
  const page = await typed(name, integration, values, more);
  if (more?.wrong) await look("refused", page);
  await page.close();
}

// Another device.
{
  const page = await context.newPage();
  await page.goto(link(await session(["beacon", "keyed"])));
  await page.getByRole("link", { name: "Beacon" }).click();
  await page.getByRole("button", { name: "Continue to Beacon" }).click();
  const code = await page.locator(".code").innerText();
  await look("device", page);
  const other = await context.newPage();
  await other.goto(await page.locator("li a").getAttribute("href"));
  await other.locator("input[name=user_code]").fill(code);
  // The page stays open: to close one that is still on its way to another may never end, in
  // Chromium, and would take the user's yes with it.
  await Promise.all([other.waitForNavigation(), other.locator("button[value=allow]").click()]);
  await page.getByRole("heading", { name: "Connected" }).waitFor();
  saw.flows.device = await heading(page);
  await page.close();
}

// A server that says itself who authorises its users.
{
  const page = await context.newPage();
  await page.goto(link(await session(["lighthouse", "keyed"])));
  await page.getByRole("link", { name: "Lighthouse" }).click();
  await page.locator("button[value=allow]").click();
  saw.flows.MCP_OAUTH2 = await heading(page);
  await page.close();
}

// A session that has ended.
{
  const page = await context.newPage();
  await page.goto(link("nango_connect_session_" + "0".repeat(64)));
  saw.flows.ended = await page.locator("main").innerText();
  await look("ended", page);
  await page.close();
}

// In a frame of the product's: the provider's page opens in a window of its own.
{
  const page = await context.newPage();
  await page.goto(origin);
  await page.evaluate(([token]) => window.start(token, true), [await session(["notion", "keyed"])]);
  const frame = page.frameLocator("iframe");
  const opened = context.waitForEvent("page");
  await frame.getByRole("link", { name: "Notion" }).click();
  const window = await opened;
  await window.locator("button[value=allow]").click();
  await page.waitForFunction(() => window.events.some((e) => e.type === "connect"));
  await frame.getByText("Notion — Connected").waitFor();
  saw.events.frame = await page.evaluate(() => window.events);
  await page.close();
}

// In a popup of the product's, a form.
{
  const page = await context.newPage();
  await page.goto(origin);
  const opened = context.waitForEvent("page");
  await page.evaluate(([token]) => window.start(token, false), [await session(["keyed", "notion"])]);
  const window = await opened;
  await window.getByRole("link", { name: "Keyed" }).click();
  await window.getByLabel("Tenant", { exact: true }).fill("t-7");
  await window.getByLabel("API key", { exact: true }).fill("invented-key");
  await window.getByRole("button", { name: "Connect" }).click();
  await window.getByRole("heading", { name: "Connected" }).waitFor();
  await Promise.all([window.waitForNavigation(), window.getByRole("link", { name: "Back to the list" }).click()]);
  await window.close();
  await page.waitForFunction(() => window.events.some((e) => e.type === "close"));
  saw.events.popup = await page.evaluate(() => window.events);
  await page.close();
}

// A page whose origin is not allowed shows no frame of ours.
{
  const page = await context.newPage();
  await page.goto(origin.replace("127.0.0.1", "localhost"));
  await page.evaluate(([token]) => window.start(token, true), [await session(["notion"])]);
  await page.waitForTimeout(500);
  saw.flows.stranger = await page.frameLocator("iframe").getByRole("heading", { name: "Connect Notion" }).count();
  saw.complaints = saw.complaints.filter((text) => !text.includes("frame-ancestors"));
  await page.close();
}

// Without scripts.
{
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(link(await session(["keyed", "notion"])));
  await page.getByRole("link", { name: "Keyed" }).click();
  await page.getByLabel("Tenant", { exact: true }).fill("t-7");
  await page.getByLabel("API key", { exact: true }).fill("invented-key");
  await page.getByRole("button", { name: "Connect" }).click();
  saw.flows.withoutScripts = await heading(page);
  await page.goto(link(await session(["notion", "keyed"])));
  await page.getByRole("link", { name: "Notion" }).click();
  await page.locator("button[value=allow]").click();
  saw.flows.consentWithoutScripts = await heading(page);
}

console.log(JSON.stringify(saw));
await browser.close();
process.exit(0);
