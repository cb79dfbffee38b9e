// What scripts need that sign users in on the pages of a pool's domain: such a pool,
// and a browser that runs no scripts, with somebody who types.

import assert from "node:assert/strict";
import dns from "node:dns";
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CreateManagedLoginBrandingCommand,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  CreateUserPoolDomainCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { administratorOf, password } from "./cognate.mjs";

/** Address over TLS of a server in dev mode, of whose certificates Node.js knows. */
export const secureEndpoint = process.env.COGNATE_SECURE_ENDPOINT ?? "https://localhost:7665";

/** The user of pools with pages. */
export const username = "ana";
export const email = "ana@example.com";

/** Makes a pool with a domain and a user. */
export async function createPoolWithPages(address = secureEndpoint) {
  const admin = administratorOf(address);
  const { UserPool } = await admin.send(new CreateUserPoolCommand({ PoolName: "pages" }));
  const id = UserPool.Id;
  const user = { UserPoolId: id, Username: username };
  const Domain = `pages-${id.split("_")[1].toLowerCase()}`;
  await admin.send(new CreateUserPoolDomainCommand({ UserPoolId: id, Domain, ManagedLoginVersion: 2 }));
  await admin.send(
    new AdminCreateUserCommand({
      ...user,
      MessageAction: "SUPPRESS",
      UserAttributes: [
        { Name: "email", Value: email },
        { Name: "email_verified", Value: "true" },
        { Name: "name", Value: "Ana Lucía" },
      ],
    }),
  );
  await admin.send(new AdminSetUserPasswordCommand({ ...user, Password: password, Permanent: true }));
  return { id, admin, issuer: new URL(`${address}/${id}`) };
}

/** Makes a client of such a pool that may sign users in. */
export async function createClientWithPages(pool, settings) {
  const { UserPoolClient } = await pool.admin.send(
    new CreateUserPoolClientCommand({
      UserPoolId: pool.id,
      ClientName: "shop",
      AllowedOAuthFlowsUserPoolClient: true,
      AllowedOAuthFlows: ["code"],
      AllowedOAuthScopes: ["openid", "email", "profile"],
      SupportedIdentityProviders: ["COGNITO"],
      ...settings,
    }),
  );
  const { ClientId: id, ClientSecret: secret } = UserPoolClient;
  const style = { UserPoolId: pool.id, ClientId: id, UseCognitoProvidedValues: true };
  await pool.admin.send(new CreateManagedLoginBrandingCommand(style));
  return { id, secret };
}

// Names below localhost are this machine (RFC 6761 §6.3), which the resolvers of
// many systems do not know.
const lookup = dns.lookup;
dns.lookup = (host, ...rest) => lookup(host.endsWith(".localhost") ? "localhost" : host, ...rest);

/** A browser that keeps the cookies of one host and stops where a redirect leaves it. */
export class Browser {
  #cookies = new Map();

  /** Goes to an address and gives `{ url, status, body }` of where that ends. */
  async open(address, init = {}) {
    let url = new URL(address);
    const { host } = url;
    for (let i = 0; i < 10; i++) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const answer = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
      for (const line of answer.headers.getSetCookie()) this.#keep(line);
      const body = await answer.text();
      if (answer.status < 300 || answer.status > 399) return { url, status: answer.status, body };
      url = new URL(answer.headers.get("location"), url);
      if (url.host !== host) return { url, status: answer.status, body };
      init = {}; // browsers go on with GET
    }
    return assert.fail(`too many redirects, the last to ${url}`);
  }

  #keep(line) {
    const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
    if (value === "" || /; *max-age=(0|-\d+)(;|$)/i.test(line)) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }

  /** Fills in the form of a page and sends it. */
  submit(page, fields) {
    const action = page.body.match(/<form method="post" action="([^"]*)"/);
    const token = page.body.match(/name="_csrf" value="([^"]*)"/);
    assert.ok(action && token, `no form at ${page.url}:\n${page.body}`);
    return this.open(new URL(action[1].replaceAll("&amp;", "&"), page.url), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: page.url.origin },
      body: new URLSearchParams({ _csrf: token[1], do: "submit", ...fields }),
    });
  }

  /** Begins at an authorize request and gives the callback's address. */
  async signIn(address, username, password) {
    const page = await this.open(address);
    assert.equal(page.status, 200, page.body);
    const { url, body } = await this.submit(page, { username, password });
    assert.ok(url.searchParams.has("code"), `no code at ${url}:\n${body}`);
    return url;
  }
}
