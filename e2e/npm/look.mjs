// How our pages are looked at in a headless browser.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// still works with a page that does not move meanwhile. A page that asks the server again by
// itself would take away, at any moment, what a script is being evaluated in; so its next
// request is answered with nothing, after which a browser shows what it has shown, and the page
// is loaded again when the work is done. A request that was under way may still end the first try.
export async function still(page, work) {
  let held = false;
  const hold = (route) => {
    if (!route.request().isNavigationRequest() || route.request().frame() !== page.mainFrame()) return route.fallback();
    held = true;
    return route.fulfill({ status: 204 });
  };
  await page.route("**", hold);
  try {
    return await work().catch(async (error) => {
      if (!/context was destroyed/.test(error.message)) throw error;
      await page.waitForLoadState();
      return work();
    });
  } finally {
    await page.unroute("**", hold);
    if (held) await page.reload();
  }
}

// violations are what axe-core finds serious or critical: one line a rule, with the elements.
// With only, it looks for these rules. A page's own policy keeps axe-core's script out; a
// debugger's world is not bound by it.
export const violations = (page, only) => page.evaluate(`${axe};
axe.run(${only ? JSON.stringify({ runOnly: only }) : ""}).then((r) => r.violations.filter((v) => ["serious", "critical"].includes(v.impact))
  .map((v) => v.id + ": " + v.nodes.map((n) => n.html).join(" ")))`);

// fits says that a page is no wider than its window.
export const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
