// aws-amplify, version 6: `userPoolEndpoint` is all that points it elsewhere.

import assert from "node:assert/strict";
import { afterEach, before, describe, test } from "node:test";
import { AdminCreateUserCommand } from "@aws-sdk/client-cognito-identity-provider";
import { Amplify } from "aws-amplify";
import {
  confirmResetPassword,
  confirmSignIn,
  confirmSignUp,
  confirmUserAttribute,
  deleteUser,
  fetchAuthSession,
  fetchUserAttributes,
  getCurrentUser,
  resendSignUpCode,
  resetPassword,
  sendUserAttributeVerificationCode,
  signIn,
  signOut,
  signUp,
  updatePassword,
  updateUserAttributes,
} from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import {
  admin,
  createPool,
  endpoint,
  MemoryStorage,
  newUser,
  nextCode,
  otherPassword,
  password,
  rejects,
} from "./cognate.mjs";

let pool;

before(async () => {
  pool = await createPool();
  Amplify.configure({
    Auth: {
      Cognito: { userPoolId: pool.id, userPoolClientId: pool.clientId, userPoolEndpoint: endpoint },
    },
  });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(new MemoryStorage());
});

// Amplify has one signed-in user at a time.
afterEach(() => signOut());

async function confirmedUser(prefix) {
  const { username, email } = newUser(prefix);
  await signUp({ username, password, options: { userAttributes: { email } } });
  await confirmSignUp({ username, confirmationCode: await nextCode(pool, username) });
  return { username, email };
}

const signInDone = { isSignedIn: true, nextStep: { signInStep: "DONE" } };

/** The operations that were called while f ran, by X-Amz-Target. */
async function operationsOf(f) {
  const original = globalThis.fetch;
  const operations = [];
  globalThis.fetch = (input, init) => {
    const headers = new Headers(init?.headers ?? input.headers);
    operations.push(headers.get("x-amz-target")?.split(".")[1]);
    return original(input, init);
  };
  try {
    await f();
  } finally {
    globalThis.fetch = original;
  }
  return operations;
}

describe("aws-amplify", () => {
  test("signs up, confirms and signs in with SRP", async () => {
    const { username, email } = newUser("ana");
    const { isSignUpComplete, nextStep, userId } = await signUp({
      username,
      password,
      options: { userAttributes: { email } },
    });
    assert.equal(isSignUpComplete, false);
    assert.equal(nextStep.signUpStep, "CONFIRM_SIGN_UP");
    assert.equal(nextStep.codeDeliveryDetails.deliveryMedium, "EMAIL");

    assert.equal((await signIn({ username, password })).nextStep.signInStep, "CONFIRM_SIGN_UP");

    await nextCode(pool, username);
    await resendSignUpCode({ username });
    const confirmed = await confirmSignUp({ username, confirmationCode: await nextCode(pool, username) });
    assert.equal(confirmed.isSignUpComplete, true);

    assert.deepEqual(await signIn({ username, password }), signInDone);
    const user = await getCurrentUser();
    assert.equal(user.username, username);
    assert.equal(user.userId, userId);
    await rejects(signIn({ username, password }), "UserAlreadyAuthenticatedException");
  });

  test("signs in with the password itself", async () => {
    const { username } = await confirmedUser("bo");
    const options = { authFlowType: "USER_PASSWORD_AUTH" };
    await rejects(
      signIn({ username, password: otherPassword, options }),
      "NotAuthorizedException",
      "Incorrect username or password.",
    );
    assert.deepEqual(await signIn({ username, password, options }), signInDone);
  });

  test("refuses a wrong password with SRP", async () => {
    const { username } = await confirmedUser("carla");
    await rejects(
      signIn({ username, password: otherPassword }),
      "NotAuthorizedException",
      "Incorrect username or password.",
    );
  });

  test("fetches the session and refreshes it on demand", async () => {
    const { username, email } = await confirmedUser("dan");
    await signIn({ username, password });
    const { tokens, userSub } = await fetchAuthSession();
    assert.equal(tokens.idToken.payload.email, email);
    assert.equal(tokens.accessToken.payload.username, username);
    assert.equal(tokens.accessToken.payload.sub, userSub);

    let refreshed;
    const operations = await operationsOf(async () => {
      refreshed = await fetchAuthSession({ forceRefresh: true });
    });
    assert.deepEqual(operations, ["GetTokensFromRefreshToken"]);
    assert.notEqual(refreshed.tokens.accessToken.toString(), tokens.accessToken.toString());
    assert.equal(refreshed.tokens.accessToken.payload.origin_jti, tokens.accessToken.payload.origin_jti);
    assert.equal(refreshed.userSub, userSub);
  });

  test("reads, changes and verifies attributes", async () => {
    const { username, email } = await confirmedUser("eva");
    await signIn({ username, password });
    const done = await updateUserAttributes({ userAttributes: { given_name: "Eva", "custom:favourite": "tea" } });
    assert.equal(done.given_name.isUpdated, true);
    const attributes = await fetchUserAttributes();
    assert.equal(attributes.given_name, "Eva");
    assert.equal(attributes["custom:favourite"], "tea");
    assert.equal(attributes.email_verified, "true");

    const changed = await updateUserAttributes({ userAttributes: { email: `new-${email}` } });
    assert.equal(changed.email.isUpdated, false);
    assert.equal(changed.email.nextStep.updateAttributeStep, "CONFIRM_ATTRIBUTE_WITH_CODE");
    await nextCode(pool, username);
    const sent = await sendUserAttributeVerificationCode({ userAttributeKey: "email" });
    assert.equal(sent.attributeName, "email");
    await confirmUserAttribute({ userAttributeKey: "email", confirmationCode: await nextCode(pool, username) });
    const after = await fetchUserAttributes();
    assert.equal(after.email, `new-${email}`);
    assert.equal(after.email_verified, "true");
  });

  test("changes and resets the password", async () => {
    const { username } = await confirmedUser("finn");
    await signIn({ username, password });
    await updatePassword({ oldPassword: password, newPassword: otherPassword });
    await signOut();
    await rejects(signIn({ username, password }), "NotAuthorizedException");

    const { nextStep } = await resetPassword({ username });
    assert.equal(nextStep.resetPasswordStep, "CONFIRM_RESET_PASSWORD_WITH_CODE");
    assert.equal(nextStep.codeDeliveryDetails.deliveryMedium, "EMAIL");
    const confirmationCode = await nextCode(pool, username);
    await confirmResetPassword({ username, confirmationCode, newPassword: "Third-password-9" });
    assert.deepEqual(await signIn({ username, password: "Third-password-9" }), signInDone);
  });

  test("answers NEW_PASSWORD_REQUIRED", async () => {
    const { username, email } = newUser("gita");
    await admin.send(
      new AdminCreateUserCommand({
        UserPoolId: pool.id,
        Username: username,
        TemporaryPassword: "Temporary-1",
        MessageAction: "SUPPRESS",
        UserAttributes: [{ Name: "email", Value: email }],
      }),
    );
    const { nextStep } = await signIn({ username, password: "Temporary-1" });
    assert.equal(nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED");
    const result = await confirmSignIn({
      challengeResponse: password,
      options: { userAttributes: { given_name: "Gita" } },
    });
    assert.deepEqual(result, signInDone);
    assert.equal((await fetchUserAttributes()).given_name, "Gita");
  });

  test("signs out here and everywhere", async () => {
    const { username } = await confirmedUser("hugo");
    await signIn({ username, password });
    const operations = await operationsOf(() => signOut());
    assert.deepEqual(operations, ["RevokeToken"]);
    await rejects(getCurrentUser(), "UserUnAuthenticatedException");

    await signIn({ username, password });
    assert.deepEqual(await operationsOf(() => signOut({ global: true })), ["GlobalSignOut"]);
    await rejects(getCurrentUser(), "UserUnAuthenticatedException");
  });

  test("deletes the user", async () => {
    const { username } = await confirmedUser("ines");
    await signIn({ username, password });
    await deleteUser();
    await rejects(signIn({ username, password }), "NotAuthorizedException");
  });
});
