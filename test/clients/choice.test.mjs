// aws-amplify, version 6: sign-up without a password, automatic sign-in, and the
// choice of a first factor (authFlowType USER_AUTH).

import assert from "node:assert/strict";
import { afterEach, before, describe, test } from "node:test";
import { CreateUserPoolClientCommand, SetUserPoolMfaConfigCommand } from "@aws-sdk/client-cognito-identity-provider";
import { Amplify } from "aws-amplify";
import {
  associateWebAuthnCredential,
  autoSignIn,
  confirmSignIn,
  confirmSignUp,
  deleteWebAuthnCredential,
  fetchAuthSession,
  fetchUserAttributes,
  listWebAuthnCredentials,
  signIn,
  signOut,
  signUp,
} from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import { pretendToBeAPage } from "./authenticator.mjs";
import { admin, createPool, endpoint, newUser, nextCode, otherPassword, password, rejects } from "./cognate.mjs";

/** Keeps tokens as a browser's local storage would. */
class MemoryStorage extends Map {
  setItem = async (key, value) => void this.set(key, value);
  getItem = async (key) => this.get(key) ?? null;
  removeItem = async (key) => void this.delete(key);
}

let pool;

before(async () => {
  pool = await createPool(admin, {
    Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"] } },
  });
  await admin.send(
    new SetUserPoolMfaConfigCommand({
      UserPoolId: pool.id,
      WebAuthnConfiguration: { RelyingPartyId: "localhost", UserVerification: "required" },
    }),
  );
  const { UserPoolClient } = await admin.send(
    new CreateUserPoolClientCommand({
      UserPoolId: pool.id,
      ClientName: "choice",
      ExplicitAuthFlows: ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
      PreventUserExistenceErrors: "ENABLED",
    }),
  );
  Amplify.configure({
    Auth: { Cognito: { userPoolId: pool.id, userPoolClientId: UserPoolClient.ClientId, userPoolEndpoint: endpoint } },
  });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(new MemoryStorage());
});

afterEach(() => signOut());

const done = { isSignedIn: true, nextStep: { signInStep: "DONE" } };

/** Registers somebody with a password, and leaves nobody signed in. */
async function withPassword(prefix) {
  const { username, email } = newUser(prefix);
  await signUp({ username, password, options: { userAttributes: { email } } });
  await confirmSignUp({ username, confirmationCode: await nextCode(pool, username) });
  return { username, email };
}

function choose(username, preferredChallenge, more) {
  return signIn({ username, ...more, options: { authFlowType: "USER_AUTH", preferredChallenge } });
}

describe("aws-amplify, choice of a first factor", () => {
  test("signs up without a password and is signed in by the confirmation", async () => {
    const { username, email } = newUser("ana");
    const made = await signUp({
      username,
      options: { userAttributes: { email }, autoSignIn: { authFlowType: "USER_AUTH" } },
    });
    assert.equal(made.nextStep.signUpStep, "CONFIRM_SIGN_UP");
    const confirmed = await confirmSignUp({ username, confirmationCode: await nextCode(pool, username) });
    assert.equal(confirmed.nextStep.signUpStep, "COMPLETE_AUTO_SIGN_IN");
    assert.deepEqual(await autoSignIn(), done);
    assert.equal((await fetchUserAttributes()).email_verified, "true");
    await signOut();

    // Later the same person comes back by a code.
    const asked = await choose(username);
    assert.equal(asked.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
    assert.deepEqual(asked.nextStep.availableChallenges, ["EMAIL_OTP"]);
    const sent = await confirmSignIn({ challengeResponse: "EMAIL_OTP" });
    assert.equal(sent.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
    assert.deepEqual(await confirmSignIn({ challengeResponse: await nextCode(pool, username) }), done);
  });

  test("signs in with a code that was preferred, and takes a second try", async () => {
    const { username, email } = await withPassword("bo");
    const asked = await choose(username, "EMAIL_OTP");
    assert.equal(asked.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
    assert.equal(asked.nextStep.codeDeliveryDetails.destination, `${email[0]}***@e***`);
    const code = await nextCode(pool, username);
    assert.match(code, /^\d{8}$/);
    await rejects(confirmSignIn({ challengeResponse: code === "00000000" ? "00000001" : "00000000" }), "CodeMismatchException");
    assert.deepEqual(await confirmSignIn({ challengeResponse: code }), done);
    const { tokens } = await fetchAuthSession();
    assert.deepEqual(tokens.accessToken.payload.amr, ["email_otp"]);
  });

  for (const preferred of ["PASSWORD", "PASSWORD_SRP"]) {
    test(`signs in with ${preferred}, preferred or selected`, async () => {
      const { username } = await withPassword("cleo");
      assert.deepEqual(await choose(username, preferred, { password }), done);
      await signOut();
      await rejects(
        choose(username, preferred, { password: otherPassword }),
        "NotAuthorizedException",
        "Incorrect username or password.",
      );

      const asked = await choose(username);
      assert.deepEqual([...asked.nextStep.availableChallenges].sort(), ["EMAIL_OTP", "PASSWORD", "PASSWORD_SRP"]);
      const next = await confirmSignIn({ challengeResponse: preferred });
      assert.equal(next.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_PASSWORD");
      assert.deepEqual(await confirmSignIn({ challengeResponse: password }), done);
    });
  }

  test("registers a passkey and signs in with it", async (t) => {
    const { username } = await withPassword("eva");
    await choose(username, "PASSWORD_SRP", { password });
    t.after(pretendToBeAPage("http://localhost:3000"));
    await associateWebAuthnCredential();
    const { credentials } = await listWebAuthnCredentials();
    assert.equal(credentials.length, 1);
    assert.equal(credentials[0].relyingPartyId, "localhost");
    assert.deepEqual(credentials[0].authenticatorTransports, ["internal"]);
    await signOut();

    assert.deepEqual(await choose(username, "WEB_AUTHN"), done);
    assert.deepEqual((await fetchAuthSession()).tokens.accessToken.payload.amr, ["swk"]);
    await signOut();

    const asked = await choose(username);
    assert.ok(asked.nextStep.availableChallenges.includes("WEB_AUTHN"));
    assert.deepEqual(await confirmSignIn({ challengeResponse: "WEB_AUTHN" }), done);
    await deleteWebAuthnCredential({ credentialId: credentials[0].credentialId });
    assert.deepEqual((await listWebAuthnCredentials()).credentials, []);
  });

  test("refreshes what it got", async () => {
    const { username } = await withPassword("dan");
    await choose(username, "PASSWORD_SRP", { password });
    const before = (await fetchAuthSession()).tokens.accessToken.payload;
    const after = (await fetchAuthSession({ forceRefresh: true })).tokens.accessToken.payload;
    assert.notEqual(after.jti, before.jti);
    assert.equal(after.acr, before.acr);
  });
});
