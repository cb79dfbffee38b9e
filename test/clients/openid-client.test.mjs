// openid-client, the certified relying party for Node.js: everything it needs comes
// from the discovery document.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { before, describe, test } from "node:test";
import { CreateResourceServerCommand } from "@aws-sdk/client-cognito-identity-provider";
import * as client from "openid-client";
import { claims, endpoint, password } from "./cognate.mjs";
import { Browser, createClientWithPages, createPoolWithPages, email, secureEndpoint, username } from "./pages.mjs";

const callback = "https://shop.example/callback";
const home = "https://shop.example/";

/** Signs Ana in and gives the tokens. */
async function signIn(config, browser = new Browser()) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: "openid email profile",
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const back = await browser.signIn(address, username, password);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  return { tokens: await client.authorizationCodeGrant(config, back, checks), back, checks };
}

const refused = (error) => (cause) => cause instanceof client.ResponseBodyError && cause.error === error && cause.status === 400;

for (const address of [secureEndpoint, endpoint]) {
  describe(`openid-client at ${new URL(address).protocol}`, () => {
    let pool;

    before(async () => {
      pool = await createPoolWithPages(address);
      await pool.admin.send(
        new CreateResourceServerCommand({
          UserPoolId: pool.id,
          Identifier: "https://orders.example",
          Name: "orders",
          Scopes: [
            { ScopeName: "read", ScopeDescription: "see orders" },
            { ScopeName: "write", ScopeDescription: "change orders" },
          ],
        }),
      );
    });

    /** Makes a client of the pool that may sign users in, and what openid-client knows of it. */
    async function register({ authentication, ...settings } = {}) {
      const { id, secret } = await createClientWithPages(pool, { CallbackURLs: [callback], LogoutURLs: [home], ...settings });
      const proof = secret ? authentication?.(secret) : client.None();
      const execute = address.startsWith("http:") ? [client.allowInsecureRequests] : []; // as on a developer's machine
      const config = await client.discovery(pool.issuer, id, secret, proof, { execute });
      return { id, config };
    }

    for (const [name, settings] of Object.entries({
      "a public client": {},
      "a secret in the form": { GenerateSecret: true, authentication: client.ClientSecretPost },
      "a secret in the header": { GenerateSecret: true, authentication: client.ClientSecretBasic },
    })) {
      test(`signs in, refreshes and revokes with ${name}`, async () => {
        const { id, config } = await register(settings);
        const { tokens, back, checks } = await signIn(config);
        const subject = tokens.claims();
        assert.equal(subject.email, email);
        assert.equal(subject.aud, id);
        assert.equal(tokens.token_type, "bearer"); // as openid-client writes Bearer
        assert.equal(tokens.expires_in, 3600);
        await assert.rejects(client.authorizationCodeGrant(config, back, checks), refused("invalid_grant"), "a code used twice");

        const user = await client.fetchUserInfo(config, tokens.access_token, subject.sub);
        assert.equal(user.email, email);
        assert.equal(user.email_verified, "true");
        assert.equal(user.name, "Ana Lucía");
        assert.equal(user.username, username);

        const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
        assert.equal(fresh.claims().sub, subject.sub);
        assert.equal(claims(fresh.access_token).origin_jti, claims(tokens.access_token).origin_jti);

        await client.tokenRevocation(config, tokens.refresh_token);
        await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), refused("invalid_grant"));
        await assert.rejects(client.fetchUserInfo(config, fresh.access_token, subject.sub));
      });
    }

    test("signs an app in that listens on this machine", async () => {
      const listener = createServer((request, answer) => {
        listener.emit("callback", new URL(request.url, redirectURI));
        answer.end("You may close this window.");
      });
      listener.listen(0, "127.0.0.1");
      await once(listener, "listening");
      const redirectURI = `http://127.0.0.1:${listener.address().port}/`;
      try {
        const { config } = await register({ CallbackURLs: [redirectURI] });
        const arrived = once(listener, "callback");
        const browser = new Browser();
        const verifier = client.randomPKCECodeVerifier();
        const address = client.buildAuthorizationUrl(config, {
          redirect_uri: redirectURI,
          scope: "openid",
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
        });
        await fetch(await browser.signIn(address, username, password));
        const [back] = await arrived;
        const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
        assert.equal(tokens.claims().email, email);
      } finally {
        listener.close();
      }
    });

    test("signs in again without asking, until the browser signs out", async () => {
      const { id, config } = await register();
      const browser = new Browser();
      const { tokens } = await signIn(config, browser);
      const silent = client.buildAuthorizationUrl(config, { redirect_uri: callback, scope: "openid", prompt: "none" });
      const again = await client.authorizationCodeGrant(config, (await browser.open(silent)).url);
      assert.equal(again.claims().sub, tokens.claims().sub);
      assert.equal(again.claims().auth_time, tokens.claims().auth_time);

      const end = client.buildEndSessionUrl(config, { client_id: id, logout_uri: home });
      assert.equal((await browser.open(end)).url.href, home);
      const { url } = await browser.open(silent);
      await assert.rejects(client.authorizationCodeGrant(config, url), (cause) => cause.error === "login_required");
    });

    test("gets a token for a machine", async () => {
      const { id, config } = await register({
        GenerateSecret: true,
        AllowedOAuthFlows: ["client_credentials"],
        AllowedOAuthScopes: ["https://orders.example/read", "https://orders.example/write"],
        CallbackURLs: undefined,
        LogoutURLs: undefined,
      });
      const tokens = await client.clientCredentialsGrant(config, { scope: "https://orders.example/read" });
      const access = claims(tokens.access_token);
      assert.equal(access.scope, "https://orders.example/read");
      assert.equal(access.sub, id);
      assert.equal(tokens.refresh_token, undefined);
      await assert.rejects(client.clientCredentialsGrant(config, { scope: "openid" }), refused("invalid_scope"));
    });

    test("is refused what the pool did not allow", async () => {
      const { config } = await register();
      const address = client.buildAuthorizationUrl(config, { redirect_uri: callback, scope: "openid phone", state: "s1" });
      const { url } = await new Browser().open(address);
      await assert.rejects(
        client.authorizationCodeGrant(config, url, { expectedState: "s1" }),
        (cause) => cause.error === "invalid_request" && cause.error_description === "invalid_scope",
      );
      const other = await register({ GenerateSecret: true, authentication: () => client.ClientSecretPost("wrong") });
      await assert.rejects(client.refreshTokenGrant(other.config, "anything"), refused("invalid_client"));
    });
  });
}
