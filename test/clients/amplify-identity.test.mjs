// aws-amplify, version 6, with an identity pool: `identityPoolEndpoint` stands beside
// `userPoolEndpoint`, and that is all.

import assert from "node:assert/strict";
import { afterEach, before, describe, test } from "node:test";
import { GetUserPoolMfaConfigCommand } from "@aws-sdk/client-cognito-identity-provider";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Amplify } from "aws-amplify";
import { fetchAuthSession, signIn, signOut } from "aws-amplify/auth";
import { cognitoCredentialsProvider, cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import {
  account,
  confirmedUser,
  createIdentityPool,
  createPool,
  endpoint,
  MemoryStorage,
  password,
  region,
  userPoolClientWith,
} from "./cognate.mjs";

let pool;

before(async () => {
  pool = await createPool();
  const identityPool = await createIdentityPool(pool);
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: pool.id,
        userPoolClientId: pool.clientId,
        userPoolEndpoint: endpoint,
        identityPoolId: identityPool.id,
        identityPoolEndpoint: endpoint,
        allowGuestAccess: true,
      },
    },
  });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(new MemoryStorage());
});

afterEach(() => signOut());

async function callerOf({ credentials }) {
  const sts = new STSClient({ endpoint, region, credentials, maxAttempts: 1 });
  return (await sts.send(new GetCallerIdentityCommand({}))).Arn;
}

const session = (role) => `arn:aws:sts::${account}:assumed-role/${role}/CognitoIdentityCredentials`;

describe("Amplify with an identity pool", () => {
  test("fetchAuthSession gives credentials to guests and to users", async () => {
    const guest = await fetchAuthSession();
    assert.equal(guest.tokens, undefined);
    assert.match(guest.identityId, /^us-east-1:/);
    assert.equal(await callerOf(guest), session("guest"));

    const { username } = await confirmedUser(pool, "ana");
    await signIn({ username, password });
    const user = await fetchAuthSession();
    assert.equal(user.identityId, guest.identityId, "the guest becomes the user");
    assert.equal(await callerOf(user), session("user"));
    const answer = await userPoolClientWith(user.credentials).send(
      new GetUserPoolMfaConfigCommand({ UserPoolId: pool.id }),
    );
    assert.equal(answer.MfaConfiguration, "OFF");

    const refreshed = await fetchAuthSession({ forceRefresh: true });
    assert.notEqual(refreshed.credentials.accessKeyId, user.credentials.accessKeyId);
    assert.equal(refreshed.identityId, user.identityId);
  });

  test("after signing out there is another guest", async () => {
    const { username } = await confirmedUser(pool, "bob");
    await signIn({ username, password });
    const user = await fetchAuthSession();
    await signOut();
    await cognitoCredentialsProvider.clearCredentialsAndIdentityId();
    const guest = await fetchAuthSession();
    assert.notEqual(guest.identityId, user.identityId);
    assert.equal(await callerOf(guest), session("guest"));
  });
});
