// The connect page of "nango-lite serve" in a headless browser, when something is wrong: a
// wrong value, a no, a session that has ended, a provider that is down. By the keyboard alone.
// axe-core looks at each page. Prints, as one line of JSON, what it saw; the test judges.
//
// Environment: URL of the server, KEY with every scope, CHROMIUM, CONTROL of the provider that
// the test plays; SHOTS, a directory for screenshots.
import { join } from "node:path";
import { chromium } from "playwright-core";
import { still, violations } from "./look.mjs";

const { URL: server, KEY, CHROMIUM, CONTROL, SHOTS } = process.env;
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const context = await browser.newContext({ viewport: { width: 800, height: 640 } });
context.setDefaultTimeout(Number(process.env.PATIENCE ?? 40_000));
const saw = { said: {}, ends: {}, axe: {}, complaints: [] };
context.on("page", (page) => page.on("console", (message) => {
  if (/Content.Security.Policy|Refused to/i.test(message.text())) saw.complaints.push(message.text());
}));

// What goes wrong here ends the script, and what was seen until then is told.
process.on("uncaughtException", async (error) => {
  saw.broken = `${error.message} at ${await Promise.all(context.pages().map(async (page) => `${page.url()}: ${await page.locator("body").innerText()}`))}`;
  console.log(JSON.stringify(saw));
  process.exit(1);
});

const provider = (what) => fetch(`${CONTROL}/${what}`, { method: "POST" });
async function session(integration) {
  const response = await fetch(`${server}/connect/sessions`, {
    method: "POST", headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" }, body: JSON.stringify({ allowed_integrations: [integration] }),
  });
  return (await response.json()).data.token;
}
const endSession = (token) => fetch(`${server}/connect/session`, { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });

// look keeps what a page says, and has axe-core look at it, once for each thing that is wrong.
const looked = new Set();
const look = (name, page) => still(page, async () => {
  saw.said[name] = (await page.locator("main").innerText()).replace(/\s+/g, " ");
  const kind = name.slice(name.indexOf(" ") + 1);
  if (looked.has(kind) && !SHOTS) return;
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    saw.axe[`${name}, ${colorScheme}`] = await violations(page, colorScheme === "dark" ? ["color-contrast"] : undefined);
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `failure-${name.replaceAll(" ", "-")}-${colorScheme}.png`) });
  }
  looked.add(kind);
  await page.emulateMedia({ colorScheme: null });
});

// to goes to something by the key Tab; press goes on with it.
async function to(page, what) {
  for (let i = 0; i < 25; i++) {
    if (await what.evaluate((e) => e === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no key leads to ${what}`);
}
async function press(page, what) {
  await to(page, what);
  await Promise.all([page.waitForNavigation({ waitUntil: "commit" }), page.keyboard.press("Enter")]);
  await page.locator("h1").waitFor();
}
const named = (page, name) => page.getByRole("link", { name }).or(page.getByRole("button", { name })).first();

async function open(integration) {
  const page = await context.newPage();
  const token = await session(integration);
  await page.goto(`${server}/connect?session_token=${token}`);
  return { page, token };
}
async function ends(name, page) {
  await page.getByRole("heading", { name: "Connected", exact: true }).waitFor().catch(() => {});
  saw.ends[name] = await page.locator("h1").innerText();
  await page.close();
}

// What is typed.
async function type(page, values) {
  for (const [label, value] of Object.entries(values)) {
    const input = page.getByLabel(label, { exact: true });
    await to(page, input);
    await page.keyboard.press("Control+a");
    await page.keyboard.type(value);
  }
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await page.locator("h1").waitFor();
}
for (const [way, integration, values, secret] of [
  ["API_KEY", "lamps", {}, "Key"],
  ["USERNAME_PASSWORD", "desk", { "User name": "mira" }, "Password"],
  ["OAUTH2_CC", "ledger", { Key: "key-7" }, "Secret"],
  ["TWO_STEP", "turnstile", { "User name": "mira" }, "Password"],
]) {
  {
    const { page } = await open(integration);
    await type(page, { ...values, [secret]: "bad" });
    await look(`${way} wrong value`, page);
    await type(page, { [secret]: "good" });
    await ends(`${way} wrong value`, page);
  }
  {
    const { page } = await open(integration);
    await provider("down");
    await type(page, { ...values, [secret]: "good" });
    await look(`${way} down`, page);
    await provider("up");
    await type(page, { [secret]: "good" });
    await ends(`${way} down`, page);
  }
  {
    const { page, token } = await open(integration);
    await endSession(token);
    await type(page, { ...values, [secret]: "good" });
    await look(`${way} ended`, page);
    await page.close();
  }
}

// Consent on the provider's page. begin leads there.
async function begin(page, integration) {
  if (integration === "docks") await type(page, { Harbour: "north" });
  else if (await named(page, /Continue to/).count()) await press(page, named(page, /Continue to/));
  else await press(page, named(page, integration));
  await page.getByRole("heading", { name: "Provider" }).waitFor();
}
const callback = /\/oauth\/callback/;
for (const [way, integration] of [["OAUTH2", "docks"], ["MCP_OAUTH2", "lighthouse"]]) {
  for (const [what, link] of [["denied", "Deny"], ["refused code", "Go wrong"]]) {
    const { page } = await open(integration);
    await begin(page, integration);
    await press(page, named(page, link));
    await look(`${way} ${what}`, page);
    await press(page, named(page, "Try again"));
    await begin(page, integration);
    await press(page, named(page, "Allow"));
    await ends(`${way} ${what}`, page);
  }
  {
    const { page } = await open(integration);
    await begin(page, integration);
    await page.route(callback, async (route) => {
      await provider("down"); // after the user has said yes, and before the code is redeemed
      await route.continue();
    });
    await press(page, named(page, "Allow"));
    await look(`${way} down`, page);
    await page.unroute(callback);
    await provider("up");
    await press(page, named(page, "Try again"));
    await begin(page, integration);
    await press(page, named(page, "Allow"));
    await ends(`${way} down`, page);
  }
  {
    const { page, token } = await open(integration);
    await begin(page, integration);
    await endSession(token);
    await press(page, named(page, "Allow"));
    await look(`${way} ended`, page);
    await page.close();
  }
}
{
  const { page } = await open("docks");
  await type(page, { Harbour: "NORTH 7" });
  await look("OAUTH2 wrong form", page);
  await begin(page, "docks");
  await press(page, named(page, "Allow"));
  await ends("OAUTH2 wrong form", page);
}
{
  const { page } = await open("lighthouse");
  await provider("down"); // before it has said who authorises its users
  await press(page, named(page, /Continue to/));
  await look("MCP_OAUTH2 discovery down", page);
  await provider("up");
  if (await named(page, "Try again").count()) await press(page, named(page, "Try again"));
  await begin(page, "lighthouse");
  await press(page, named(page, "Allow"));
  await ends("MCP_OAUTH2 discovery down", page);
}
{
  const { page } = await open("buoy");
  await type(page, { "Server URL": "no address" });
  await look("MCP_OAUTH2 no address", page);
  await type(page, { "Server URL": CONTROL });
  await look("MCP_OAUTH2 no such server", page);
  await page.close();
}

// Another device.
const code = (page) => page.locator(".code").waitFor();
const notConnected = (page) => page.getByRole("heading", { name: "Not connected" }).waitFor();
{
  const { page } = await open("screens");
  await type(page, { "Region (optional)": "NORTH 7" });
  await look("device wrong form", page);
  await type(page, { "Region (optional)": "north" });
  await code(page);
  await provider("device?answer=deny");
  await notConnected(page);
  await look("device denied", page);
  await press(page, named(page, "Try again"));
  await press(page, named(page, /Continue to/));
  await code(page);
  await provider("device?answer=allow");
  await ends("device denied", page);
}
{
  const { page } = await open("screens");
  await provider("down");
  await press(page, named(page, /Continue to/));
  await look("device down", page);
  await provider("up");
  if (await named(page, "Try again").count()) await press(page, named(page, "Try again"));
  await press(page, named(page, /Continue to/));
  await code(page);
  await provider("down"); // while the page looks again and again
  await page.waitForTimeout(4000);
  await look("device down meanwhile", page);
  await provider("up");
  if (!(await page.locator(".code").count())) {
    await press(page, named(page, "Try again"));
    await press(page, named(page, /Continue to/));
    await code(page);
  }
  await provider("device?answer=allow");
  await ends("device down", page);
}
{
  const { page, token } = await open("screens");
  await press(page, named(page, /Continue to/));
  await code(page);
  await endSession(token);
  await notConnected(page);
  await look("device ended", page);
  await page.close();
}

console.log(JSON.stringify(saw));
await browser.close();
process.exit(0);
