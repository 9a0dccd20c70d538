// Reads standard input and holds that it is one JSON document: users of Notion.
import { readFileSync } from "node:fs";

const list = JSON.parse(readFileSync(0, "utf8"));
if (list.object !== "list" || !list.results?.length || !list.results.every((one) => one.object === "user")) {
  console.error("no list of users");
  process.exit(1);
}
console.log(`${list.results.length} users: ${list.results.map((user) => user.name).join(", ")}`);
