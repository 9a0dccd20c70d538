// The operator's pages of "nango-lite serve" in a headless browser: signing in by keyboard,
// the list, one connection, refresh, a dead one with its link, disconnect. axe-core looks at
// each page, light and dark, wide and narrow. Prints, as one line of JSON, what it saw; the
// test judges.
//
// Environment: URL of the server, KEY with every scope, CHROMIUM; SHOTS, a directory for
// screenshots.
import { join } from "node:path";
import { chromium } from "playwright-core";
import { fits, violations } from "./look.mjs";

const { URL: server, KEY, CHROMIUM, SHOTS } = process.env;

// What Playwright evaluates, and what it asks of the browser itself, has no time limit of its
// own. So each step has one, and who stops at it says where, and whether the server answers.
let browser, limit;
function step(name) {
  clearTimeout(limit);
  limit = setTimeout(async () => {
    const alive = await asked("GET", "/healthz").then((answer) => answer.status, String);
    console.error(`nothing more has come since: ${name}; the server answers ${alive}; pages: ${browser?.contexts().flatMap((c) => c.pages()).map((other) => other.url())}`);
    process.exit(3);
  }, 90_000);
}
const asked = (method, path, body) => fetch(server + path, {
  method, headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" }, body: body && JSON.stringify(body), signal: AbortSignal.timeout(40_000),
});
step("the browser starts");
browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const context = await browser.newContext({ viewport: { width: 1000, height: 900 } });
context.setDefaultTimeout(40_000);
const saw = { pages: {}, axe: {}, complaints: [] };
step("a new page");
const page = await context.newPage();
page.on("console", (message) => {
  if (/Content.Security.Policy|Refused to/i.test(message.text())) saw.complaints.push(message.text());
});
page.on("crash", () => {
  console.error("the page's process has crashed");
  process.exit(3);
});

// look keeps what a page says, and has axe-core look at it.
async function look(name) {
  step(name);
  saw.pages[name] = await page.locator("body").innerText();
  for (const colorScheme of ["light", "dark"]) {
    step(`${name}, ${colorScheme}`);
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(colorScheme === "dark" ? { width: 400, height: 800 } : { width: 1000, height: 900 });
    step(`${name}, ${colorScheme}, axe-core`);
    saw.axe[`${name}, ${colorScheme}`] = await violations(page);
    step(`${name}, ${colorScheme}, after axe-core`);
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `operator-${name.replaceAll(" ", "-")}-${colorScheme}.png`), fullPage: true });
    if (!(await fits(page))) saw.axe[`${name}, ${colorScheme}, width`] = ["the page is wider than its window"];
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize({ width: 1000, height: 900 });
  step(`after ${name}`);
}
const press = (name) => Promise.all([page.waitForNavigation(), page.getByRole("button", { name, exact: true }).click()]);

await page.goto(`${server}/ui`);
await look("sign in");
for (let i = 0; i < 5 && !(await page.getByLabel("API key").evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press("Tab");
await page.keyboard.type(KEY);
await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
await look("list");

// One whose refresh token the provider has never seen.
const invented = (id) => ({ provider_config_key: "notion", connection_id: id, credentials: { type: "OAUTH2", access_token: "invented", refresh_token: "invented" } });
const imported = await asked("POST", "/connections", invented("user-7"));
saw.imported = imported.status;

await page.getByRole("link", { name: "notion/default" }).first().click();
await look("connection");
await page.getByText("Refresh the token…").click();
await press("Refresh");
await look("refreshed");

await page.getByRole("link", { name: "Connections", exact: true }).click();
await page.getByLabel("Search in ids and tags").fill("user-7");
await press("Show");
await page.getByRole("link", { name: "notion/user-7" }).click();
await page.getByText("Refresh the token…").click();
await press("Refresh");
await look("dead");
await press("Make a link for the user");
saw.link = await page.getByLabel("Link").inputValue();
await look("link");
await page.getByRole("link", { name: "Connections", exact: true }).click();
await look("list with a dead one");
await page.getByRole("link", { name: "notion/user-7" }).first().click();
await page.getByText("Disconnect…").click();
await page.getByLabel("Remove notion/user-7").check();
await press("Disconnect");
await look("disconnected");

await page.getByRole("link", { name: "Integrations", exact: true }).click();
await page.getByRole("link", { name: /^notion/ }).click();
await look("integration");
await asked("GET", "/c/notion/default/v1/users");
await page.getByRole("link", { name: "Activity" }).click();
await look("activity");
await page.getByRole("link", { name: "Who did what" }).click();
await look("who did what");

// Live: what happens meanwhile shows without a reload, and nothing that is under way is lost.
const has = (other, text) => other.waitForFunction((text) => document.querySelector("main").innerText.includes(text), text);
saw.live = {};

await page.getByRole("link", { name: "Activity" }).click();
await page.evaluate(() => { window.same = true; });
await page.getByText("The numbers").click();
const link = page.getByRole("link", { name: "notion/default" }).last();
await link.focus();
await asked("GET", "/c/notion/default/v1/users");
await has(page, "Calls: 2.");
// The two calls may lie in one minute or in two.
saw.live.activity = await page.evaluate(() => {
  const minutes = [...document.querySelectorAll("details tbody td:nth-child(2)")].map((cell) => Number(cell.innerText));
  const calls = minutes.reduce((sum, count) => sum + count, 0), bars = document.querySelectorAll("svg[role=img] rect.calls").length;
  return [window.same, document.querySelector("details").open, document.activeElement.innerText, calls, bars === minutes.filter((count) => count > 0).length, document.querySelector("#live span").innerText];
});
saw.live.rows = await page.getByRole("row").filter({ hasText: "answered 200 OK" }).count();
await look("activity live");

await page.getByRole("link", { name: "Connections", exact: true }).click();
await page.evaluate(() => { window.same = true; });
await page.getByLabel("Search in ids and tags").pressSequentially("half a wo");
step("one more on the list");
await asked("POST", "/connections", invented("user-8"));
await has(page, "notion/user-8");
await page.keyboard.type("rd");
saw.live.list = await page.evaluate(() => [window.same, document.activeElement.value]);

step("one that dies");
await page.getByRole("link", { name: "notion/user-8" }).click();
await page.evaluate(() => { window.same = true; });
await page.getByText("Disconnect…").click();
await page.getByLabel("Remove notion/user-8").check();
saw.live.before = await page.getByText("Make a link for the user").count();
await asked("GET", "/c/notion/user-8/v1/users");
await has(page, "Last call, of this server");
await has(page, "Make a link for the user"); // the provider knows neither token, so it is dead now
saw.live.connection = await page.evaluate(() => [window.same, document.querySelector("details:last-of-type").open, document.querySelector("input[name=sure]").checked, document.activeElement.name]);

step("a pause");

// A pause, and on. Then the connection is removed elsewhere.
await page.getByRole("button", { name: "Pause" }).click();
await page.waitForFunction(() => document.querySelector("#live span").innerText.includes("not kept"));
await page.getByRole("button", { name: "Go on" }).click();
await asked("DELETE", "/connections/user-8?provider_config_key=notion");
await has(page, "there is no such connection");
await look("gone meanwhile");

// Without scripts, the same pages.
step("without scripts");
const plain = await browser.newContext({ javaScriptEnabled: false });
const still = await plain.newPage();
await still.goto(`${server}/ui`);
await still.getByLabel("API key").fill(KEY);
await still.getByRole("button", { name: "Sign in" }).click();
await still.getByRole("link", { name: "Activity" }).click();
await still.getByRole("link", { name: "Look again" }).click();
saw.live.still = [await still.getByRole("heading", { name: "The last calls" }).count(), await still.getByRole("button", { name: "Pause" }).count()];

// However many windows are seen at once, the browser has a connection for the next page. It
// has six to a server.
const windows = [];
for (let i = 0; i < 7; i++) {
  step(`window ${i}`);
  windows.push(await context.newPage());
  await windows[i].goto(`${server}/ui/activity`);
}
step("windows that are too many");
await windows[6].waitForFunction(() => document.querySelector("#live span").innerText.includes("five other pages"));
saw.live.windows = windows.length;
for (const other of windows) await other.close();

// Whoever signs out has all pages closed.
step("signing out");
await page.goto(`${server}/ui/activity`);
const second = await context.newPage();
await second.goto(`${server}/ui/audit`);
await second.getByRole("button", { name: /^Sign out/ }).click();
await page.bringToFront();
await page.getByRole("heading", { name: "Sign in" }).waitFor();
saw.after = await page.locator("h1").innerText();

step("the end");
await browser.close();
console.log(JSON.stringify(saw));
process.exit(0);
