// Each method of Nango's client about connections and calls, unmodified, against
// "nango-lite serve". Prints one line of JSON: by method, what it answered or how it
// failed; the test judges.
//
// Environment: URL of the server, KEY with every scope, SIGNING key of webhooks.
import { createHmac } from "node:crypto";
import { Nango } from "@nangohq/node";

const { URL: server, KEY, SIGNING } = process.env;
const nango = new Nango({ host: server, secretKey: KEY, webhookSigningKey: SIGNING });
const at = { providerConfigKey: "echo", connectionId: "a/b c" };
const saw = {};
const passed = (answer) => ({ status: answer.status, data: answer.data });

async function see(name, ask) {
  try {
    const value = await ask();
    saw[name] = { value: value?.config ? passed(value) : value }; // some methods give Axios' own answer
  } catch (error) {
    saw[name] = { status: error.response?.status, code: error.response?.data?.error?.code, message: error.response?.data?.error?.message, thrown: error.message };
  }
}

async function post(path, body) {
  const answer = await fetch(server + path, { method: "POST", headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

await see("import", () => post("/connections", {
  provider_config_key: "echo", connection_id: "a/b c", credentials: { type: "API_KEY", apiKey: "invented-key" },
  metadata: { plan: "gold" }, end_user: { id: "7", email: "mira@example.com" }, tags: { Region: "north" },
}));

// Catalog and integrations.
await see("listProviders", async () => (await nango.listProviders({ search: "notion" })).data.map((p) => [p.name, p.auth_mode]));
await see("getProvider", async () => (await nango.getProvider({ provider: "airtable" })).data);
await see("getProvider.none", () => nango.getProvider({ provider: "nothing" }));
await see("getProviderTemplates", () => nango.getProviderTemplates({ provider: "notion" }));
await see("listIntegrations", async () => (await nango.listIntegrations()).configs.map((c) => c.unique_key));
await see("getIntegration", async () => (await nango.getIntegration({ uniqueKey: "notion" }, { include: ["webhook", "credentials"] })).data);
await see("getIntegration.none", () => nango.getIntegration({ uniqueKey: "nothing" }));
await see("createIntegration", () => nango.createIntegration({ provider: "notion", unique_key: "another" }));
await see("createQuickstartIntegration", () => nango.createQuickstartIntegration({ provider: "notion", unique_key: "another" }));
await see("updateIntegration", () => nango.updateIntegration({ uniqueKey: "notion" }, { display_name: "x" }));
await see("deleteIntegration", () => nango.deleteIntegration("notion"));

// Connections.
const ids = (answer) => answer.connections.map((c) => `${c.provider_config_key}/${c.connection_id}`);
await see("listConnections", async () => ids(await nango.listConnections({ integrationId: ["echo", "notion"], limit: 100 })));
await see("listConnections.user", async () => (await nango.listConnections({ userId: "7", tags: { email: "mira@example.com", REGION: "north" } })).connections);
await see("listConnections.old", async () => ids(await nango.listConnections(undefined, "b c", { endUserId: "7" })));
await see("listConnections.none", async () => ids(await nango.listConnections({ tags: { region: "south" } })));
await see("getConnection", () => nango.getConnection("echo", "a/b c"));
await see("getConnection.none", () => nango.getConnection("echo", "nobody"));
await see("getToken", async () => typeof (await nango.getToken("notion", "default")));
await see("getToken.forced", async () => (await nango.getToken("notion", "default")) !== (await nango.getToken("notion", "default", true)));
await see("getRawTokenResponse", async () => Object.keys(await nango.getRawTokenResponse("notion", "default")));
await see("setMetadata", () => nango.setMetadata("echo", "a/b c", { plan: "silver", seats: 3 }));
await see("updateMetadata", () => nango.updateMetadata("echo", ["a/b c"], { seats: 4 }));
await see("getMetadata", () => nango.getMetadata("echo", "a/b c"));
await see("setMetadata.none", () => nango.setMetadata("echo", "nobody", {}));
await see("patchConnection", () => nango.patchConnection({ connectionId: "a/b c", provider_config_key: "echo" }, { tags: { region: "south" } }));
await see("patchConnection.seen", async () => (await nango.getConnection("echo", "a/b c")).tags);
await see("waitForConnection", async () => "waits ten seconds before it first looks, at the route of listConnections");

// Calls.
for (const method of ["get", "post", "put", "patch", "delete"]) {
  await see(method, async () => passed(await nango[method]({
    ...at, endpoint: "/v1/things/7", params: { q: "a b&c" }, headers: { "X-Mine": method }, ...(method === "get" ? {} : { data: { sent: method } }),
  })));
}
await see("proxy", async () => passed(await nango.proxy({ ...at, method: "PUT", endpoint: "v1/x?y=1", data: "plain", retries: 2, retryOn: [409], decompress: true })));
await see("proxy.override", async () => passed(await nango.proxy({ ...at, method: "GET", endpoint: "/x", baseUrlOverride: "https://elsewhere.example" })));
await see("proxy.allowed", async () => passed(await nango.proxy({ ...at, method: "GET", endpoint: "/x", baseUrlOverride: "https://echo.example/api" })));
await see("proxy.none", async () => passed(await nango.get({ ...at, connectionId: "nobody", endpoint: "/x" })));
await see("proxy.wrong", async () => passed(await new Nango({ host: server, secretKey: "nlk_wrong" }).get({ ...at, endpoint: "/x" })));

// What is not here says so.
const sync = ["a"];
await see("triggerSync", () => nango.triggerSync("echo", sync, "a/b c"));
await see("startSync", () => nango.startSync("echo", sync, "a/b c"));
await see("pauseSync", () => nango.pauseSync("echo", sync, "a/b c"));
await see("syncStatus", () => nango.syncStatus("echo", sync, "a/b c"));
await see("updateSyncConnectionFrequency", () => nango.updateSyncConnectionFrequency("echo", "a", "a/b c", "every hour"));
await see("createSyncVariant", () => nango.createSyncVariant({ provider_config_key: "echo", connection_id: "a/b c", name: "a", variant: "b" }));
await see("deleteSyncVariant", () => nango.deleteSyncVariant({ provider_config_key: "echo", connection_id: "a/b c", name: "a", variant: "b" }));
await see("listRecords", () => nango.listRecords({ ...at, model: "X" }));
await see("pruneRecords", () => nango.pruneRecords({ ...at, model: "X", untilCursor: "c" }));
await see("getEnvironmentVariables", () => nango.getEnvironmentVariables());
await see("listFunctions", () => nango.listFunctions({ uniqueKey: "echo" }));
await see("triggerAction", () => nango.triggerAction("echo", "a/b c", "move_thing", { id: "a/b", to: "pier" }));
await see("triggerAction.wrong", () => nango.triggerAction("echo", "a/b c", "move_thing", { id: ".." }));
await see("triggerAction.none", () => nango.triggerAction("echo", "a/b c", "nothing"));
await see("triggerActionAsync", () => nango.triggerActionAsync("echo", "a/b c", "act", {}));
await see("getAsyncActionResult", () => nango.getAsyncActionResult({ id: "7" }));
await see("getScriptsConfig", () => nango.getScriptsConfig());
await see("getScriptsConfig.openai", async () => (await nango.getScriptsConfig("openai")).data);

// A webhook, as the server signs it.
const body = JSON.stringify({ from: "nango", type: "auth" });
const signed = (key) => ({ "x-nango-hmac-sha256": createHmac("sha256", key).update(body).digest("hex") });
await see("verifyIncomingWebhookRequest", async () => [nango.verifyIncomingWebhookRequest(body, signed(SIGNING)), nango.verifyIncomingWebhookRequest(body, signed("another"))]);

await see("deleteConnection", async () => passed(await nango.deleteConnection("echo", "a/b c")));
await see("deleteConnection.gone", () => nango.getConnection("echo", "a/b c"));
console.log(JSON.stringify(saw));
