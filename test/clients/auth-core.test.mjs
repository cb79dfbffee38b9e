// @auth/core, the heart of Auth.js and next-auth, with its own provider for Cognito.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Auth } from "@auth/core";
import Cognito from "@auth/core/providers/cognito";
import { password } from "./cognate.mjs";
import { Browser, createClientWithPages, createPoolWithPages, email, username } from "./pages.mjs";

let config;
const app = createServer(async (request, answer) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { status, headers, body } = await Auth(
    new Request(new URL(request.url, site), {
      method: request.method,
      headers: request.headers,
      body: chunks.length ? Buffer.concat(chunks) : undefined,
    }),
    config,
  );
  for (const [name, value] of headers) if (name !== "set-cookie") answer.setHeader(name, value);
  answer.setHeader("set-cookie", headers.getSetCookie());
  answer.writeHead(status).end(body && Buffer.from(await new Response(body).arrayBuffer()));
});
let site;

before(async () => {
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  site = `http://localhost:${app.address().port}`;
  const pool = await createPoolWithPages();
  const client = await createClientWithPages(pool, {
    GenerateSecret: true,
    CallbackURLs: [`${site}/auth/callback/cognito`],
  });
  config = {
    basePath: "/auth",
    secret: "only for this test",
    trustHost: true,
    providers: [
      Cognito({ clientId: client.id, clientSecret: client.secret, issuer: pool.issuer.href, checks: ["pkce", "state", "nonce"] }),
    ],
    logger: { error: (error) => console.error(error.cause ?? error) },
  };
});

after(() => app.close());

test("Auth.js signs a user in and out", async () => {
  const browser = new Browser();
  const session = async () => JSON.parse((await browser.open(`${site}/auth/session`)).body);
  const post = async (path, fields) => {
    const { csrfToken } = JSON.parse((await browser.open(`${site}/auth/csrf`)).body);
    return browser.open(`${site}${path}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ csrfToken, callbackUrl: `${site}/auth/session`, ...fields }),
    });
  };
  assert.equal(await session(), null);

  const { url: authorize } = await post("/auth/signin/cognito");
  assert.ok(authorize.searchParams.has("code_challenge"), `went to ${authorize}`);
  const back = await new Browser().signIn(authorize, username, password);
  assert.equal((await browser.open(back)).url.pathname, "/auth/session");
  const { user } = await session();
  assert.equal(user.email, email);
  assert.equal(user.name, "Ana Lucía");

  await post("/auth/signout");
  assert.equal(await session(), null);
});
