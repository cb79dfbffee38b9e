// What the tests share: the address of the server under test, pools made for one
// test file each, and the codes that the server sent by e-mail.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import {
  CognitoIdentityClient,
  CreateIdentityPoolCommand,
  SetIdentityPoolRolesCommand,
} from "@aws-sdk/client-cognito-identity";
import {
  AdminConfirmSignUpCommand,
  CognitoIdentityProviderClient,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  SignUpCommand,
} from "@aws-sdk/client-cognito-identity-provider";

/** Base address of a server in dev mode, such as http://127.0.0.1:7665. */
export const endpoint = (process.env.COGNATE_ENDPOINT ?? "http://127.0.0.1:7665").replace(/\/$/, "");

export const region = process.env.AWS_REGION ?? "us-east-1";

export const password = "Correct-horse-7";
export const otherPassword = "Battery-staple-8";

/** An administrator's client. A server in dev mode takes any credentials. */
export const admin = administratorOf(endpoint);

export function administratorOf(address) {
  return new CognitoIdentityProviderClient({
    endpoint: address,
    region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  });
}

/** Makes a pool whose users have an e-mail address, with a public client and one with a secret. */
export async function createPool(client = admin, settings = {}) {
  const { UserPool } = await client.send(
    new CreateUserPoolCommand({
      PoolName: "clients",
      AutoVerifiedAttributes: ["email"],
      Schema: [{ Name: "favourite", AttributeDataType: "String", Mutable: true }],
      ...settings,
    }),
  );
  const flows = {
    UserPoolId: UserPool.Id,
    PreventUserExistenceErrors: "ENABLED",
    ExplicitAuthFlows: [
      "ALLOW_USER_SRP_AUTH",
      "ALLOW_USER_PASSWORD_AUTH",
      "ALLOW_ADMIN_USER_PASSWORD_AUTH",
      "ALLOW_REFRESH_TOKEN_AUTH",
    ],
  };
  const open = await client.send(new CreateUserPoolClientCommand({ ...flows, ClientName: "public" }));
  const secret = await client.send(
    new CreateUserPoolClientCommand({ ...flows, ClientName: "secret", GenerateSecret: true }),
  );
  return {
    id: UserPool.Id,
    arn: UserPool.Arn,
    clientId: open.UserPoolClient.ClientId,
    secretClientId: secret.UserPoolClient.ClientId,
    secret: secret.UserPoolClient.ClientSecret,
  };
}

/** The account in ARNs. */
export const account = "123456789012";

/** An administrator's client of identity pools. */
export const identityAdmin = new CognitoIdentityClient({
  endpoint,
  region,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
});

/** A client of user pools that signs with these credentials. */
export function userPoolClientWith(credentials) {
  return new CognitoIdentityProviderClient({ endpoint, region, credentials, maxAttempts: 1 });
}

/**
 * Makes an identity pool for the users of a pool and for guests, with the roles
 * `user` and `guest`. In dev a role exists by its name.
 */
export async function createIdentityPool(pool, settings = {}) {
  const provider = `cognito-idp.${region}.amazonaws.com/${pool.id}`;
  const { IdentityPoolId } = await identityAdmin.send(
    new CreateIdentityPoolCommand({
      IdentityPoolName: "clients",
      AllowUnauthenticatedIdentities: true,
      CognitoIdentityProviders: [{ ProviderName: provider, ClientId: pool.clientId }],
      ...settings,
    }),
  );
  const role = (name) => `arn:aws:iam::${account}:role/${name}`;
  await identityAdmin.send(
    new SetIdentityPoolRolesCommand({
      IdentityPoolId,
      Roles: { authenticated: role("user"), unauthenticated: role("guest") },
    }),
  );
  return { id: IdentityPoolId, provider };
}

/** Makes a user who can sign in with the password. */
export async function confirmedUser(pool, prefix) {
  const { username, email } = newUser(prefix);
  await admin.send(
    new SignUpCommand({
      ClientId: pool.clientId,
      Username: username,
      Password: password,
      UserAttributes: [{ Name: "email", Value: email }],
    }),
  );
  await admin.send(new AdminConfirmSignUpCommand({ UserPoolId: pool.id, Username: username }));
  return { username, email };
}

/** The SECRET_HASH of a user name for a client that has a secret. */
export function secretHash(pool, username) {
  return createHmac("sha256", pool.secret).update(username + pool.secretClientId).digest("base64");
}

/** A user name that no other test has, and an address for it. */
export function newUser(prefix) {
  const username = `${prefix}-${randomUUID().slice(0, 8)}`;
  return { username, email: `${username}@example.com` };
}

const lastMessage = new Map();

/**
 * Waits for a code that was sent to a user and that no earlier call returned.
 * Sending happens after the answer to the request which asked for it.
 */
export async function nextCode(pool, username) {
  const key = `${pool.id} ${username}`;
  const query = new URLSearchParams({
    pool: pool.id,
    user: username,
    after: lastMessage.get(key) ?? "0",
    timeout: "10s",
  });
  const answer = await fetch(`${endpoint}/_cognate/v1/inbox/code?${query}`, {
    headers: { "X-Cognate-Control": "1" },
  });
  assert.equal(answer.status, 200, `no new code for ${username}: ${answer.status}`);
  const { code, message } = await answer.json();
  lastMessage.set(key, message.id);
  return code;
}

/** The claims of a JWT, unverified. */
export function claims(jwt) {
  return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url").toString());
}

/** Asserts that a promise is rejected with the service's exception of that name. */
export async function rejects(promise, name, message) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.name ?? error.code, name, `${error}`);
    if (message !== undefined) assert.equal(error.message, message);
    return true;
  });
}

/** Keeps tokens as a browser's local storage would. */
export class MemoryStorage {
  #items = new Map();
  async setItem(key, value) {
    this.#items.set(key, value);
  }
  async getItem(key) {
    return this.#items.get(key) ?? null;
  }
  async removeItem(key) {
    this.#items.delete(key);
  }
  async clear() {
    this.#items.clear();
  }
}
