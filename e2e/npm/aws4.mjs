// A judge of AWS signatures that nango-lite did not write: aws4 signs what each
// request holds of what was signed, and the two have to agree. It listens on a free
// loopback port and prints {"url": …} when it is ready. A request with a good
// signature is answered with 200, another with 403 and what aws4 would have signed.
//
// Environment: ACCESS_KEY_ID, SECRET_ACCESS_KEY, SERVICE, REGION.
import http from "node:http";
import aws4 from "aws4";

const { ACCESS_KEY_ID, SECRET_ACCESS_KEY, SERVICE, REGION } = process.env;

const server = http.createServer(async (req, res) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const given = req.headers.authorization ?? "";
  const signed = (/SignedHeaders=([^,]+)/.exec(given)?.[1] ?? "").split(";");
  const headers = Object.fromEntries(signed.map((name) => [name, req.headers[name] ?? ""]));
  const signer = new aws4.RequestSigner(
    { service: SERVICE, region: REGION, method: req.method, path: req.url, headers, body, doNotModifyHeaders: true },
    { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
  );
  signer.datetime = req.headers["x-amz-date"];
  const wanted = signer.sign().headers.Authorization;
  const good = wanted === given;
  res.statusCode = good ? 200 : 403;
  res.setHeader("Content-Type", "application/json");
  res.end(JSON.stringify(good ? { agrees: true, bytes: body.length } : { agrees: false, canonical: signer.canonicalString() }));
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })));
