// aws-jwt-verify: what a back end checks the tokens with.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { AdminCreateUserCommand, AdminInitiateAuthCommand, AdminSetUserPasswordCommand } from "@aws-sdk/client-cognito-identity-provider";
import { CognitoJwtVerifier, JwtRsaVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { administratorOf, claims, createPool, endpoint, newUser, password } from "./cognate.mjs";

/** Fetches over plain HTTP as well, which the library's own fetcher does not. */
const fetcher = {
  async fetch(uri) {
    const answer = await fetch(uri);
    assert.equal(answer.status, 200, uri);
    return answer.arrayBuffer();
  },
};

/** Makes a pool on the server at that address and signs a user in. */
async function signedIn(address) {
  const client = administratorOf(address);
  const pool = await createPool(client);
  const { username, email } = newUser("ana");
  const user = { UserPoolId: pool.id, Username: username };
  await client.send(
    new AdminCreateUserCommand({
      ...user,
      MessageAction: "SUPPRESS",
      UserAttributes: [{ Name: "email", Value: email }],
    }),
  );
  await client.send(new AdminSetUserPasswordCommand({ ...user, Password: password, Permanent: true }));
  const { AuthenticationResult } = await client.send(
    new AdminInitiateAuthCommand({
      UserPoolId: pool.id,
      ClientId: pool.clientId,
      AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME: username, PASSWORD: password },
    }),
  );
  return { pool, username, email, id: AuthenticationResult.IdToken, access: AuthenticationResult.AccessToken };
}

/** The same token with one character of its signature changed. */
function forged(jwt) {
  const at = jwt.lastIndexOf(".") + 10;
  return jwt.slice(0, at) + (jwt[at] === "A" ? "B" : "A") + jwt.slice(at + 1);
}

describe("aws-jwt-verify with the server's own issuer", () => {
  let session;
  let issuer;
  before(async () => {
    session = await signedIn(endpoint);
    issuer = claims(session.id).iss;
  });

  const verifier = (options) =>
    JwtRsaVerifier.create(
      { issuer, jwksUri: `${endpoint}/${session.pool.id}/.well-known/jwks.json`, ...options },
      { jwksCache: new SimpleJwksCache({ fetcher }) },
    );

  test("the issuer ends with the pool's id", () => {
    assert.ok(issuer.endsWith(`/${session.pool.id}`), issuer);
    assert.equal(claims(session.access).iss, issuer);
  });

  test("discovery names the issuer and the keys", async () => {
    const answer = await fetch(`${endpoint}/${session.pool.id}/.well-known/openid-configuration`);
    assert.equal(answer.status, 200);
    const document = await answer.json();
    assert.equal(document.issuer, issuer);
    assert.ok(document.jwks_uri.endsWith(`/${session.pool.id}/.well-known/jwks.json`), document.jwks_uri);
  });

  test("accepts the ID token", async () => {
    const payload = await verifier({ audience: session.pool.clientId }).verify(session.id);
    assert.equal(payload.email, session.email);
    assert.equal(payload["cognito:username"], session.username);
  });

  test("accepts the access token", async () => {
    const payload = await verifier({ audience: null }).verify(session.access);
    assert.equal(payload.client_id, session.pool.clientId);
    assert.equal(payload.scope, "aws.cognito.signin.user.admin");
  });

  test("refuses a forged token and another client's", async () => {
    await assert.rejects(verifier({ audience: session.pool.clientId }).verify(forged(session.id)), /Invalid signature/);
    await assert.rejects(verifier({ audience: session.pool.secretClientId }).verify(session.id), /not allowed/);
  });

  test("signs ID and access tokens with different keys", async () => {
    const kid = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[0], "base64url")).kid;
    assert.notEqual(kid(session.id), kid(session.access));
    const { keys } = await (await fetch(`${endpoint}/${session.pool.id}/.well-known/jwks.json`)).json();
    assert.deepEqual(keys.map((k) => k.kid).sort(), [kid(session.id), kid(session.access)].sort());
  });
});

// This verifier knows one form of issuer only, so it needs a server whose
// --issuer-url is https://cognito-idp.{region}.amazonaws.com/{userPoolId}.
const serviceIssuer = process.env.COGNATE_SERVICE_ISSUER_ENDPOINT?.replace(/\/$/, "");

describe("CognitoJwtVerifier", { skip: !serviceIssuer && "COGNATE_SERVICE_ISSUER_ENDPOINT is not set" }, () => {
  let session;
  let jwks;
  before(async () => {
    session = await signedIn(serviceIssuer);
    jwks = await (await fetch(`${serviceIssuer}/${session.pool.id}/.well-known/jwks.json`)).json();
  });

  const verifier = (options) => {
    const v = CognitoJwtVerifier.create({ userPoolId: session.pool.id, clientId: session.pool.clientId, ...options });
    v.cacheJwks(jwks);
    return v;
  };

  test("accepts both tokens, each for its own use", async () => {
    const id = await verifier({ tokenUse: "id" }).verify(session.id);
    assert.equal(id.email, session.email);
    const access = await verifier({ tokenUse: "access", scope: "aws.cognito.signin.user.admin" }).verify(session.access);
    assert.equal(access.username, session.username);
    await assert.rejects(verifier({ tokenUse: "id" }).verify(session.access), /Token use not allowed/);
    await assert.rejects(verifier({ tokenUse: "access" }).verify(session.id), /Token use not allowed/);
  });

  test("refuses another client's token and a forged one", async () => {
    await assert.rejects(
      verifier({ tokenUse: "id", clientId: session.pool.secretClientId }).verify(session.id),
      /not allowed/,
    );
    await assert.rejects(verifier({ tokenUse: "access" }).verify(forged(session.access)), /Invalid signature/);
  });
});
