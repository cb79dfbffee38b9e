// Second factors, as amazon-cognito-identity-js and aws-amplify 6 handle them.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { afterEach, before, describe, test } from "node:test";
import { promisify } from "node:util";
import {
  AdminCreateUserCommand,
  AdminSetUserMFAPreferenceCommand,
  AdminSetUserPasswordCommand,
  SetUserPoolMfaConfigCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import identity from "amazon-cognito-identity-js";
import { Amplify } from "aws-amplify";
import {
  confirmSignIn,
  fetchAuthSession,
  fetchMFAPreference,
  setUpTOTP,
  signIn,
  signOut,
  updateMFAPreference,
  verifyTOTPSetup,
} from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import { admin, createPool, endpoint, newUser, nextCode, password, rejects } from "./cognate.mjs";

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = identity;

const phone = "+15555550123";

/** A pool with a mode and factors of SetUserPoolMfaConfig. */
async function poolWith(settings) {
  const pool = await createPool(admin, {
    AutoVerifiedAttributes: [],
    EmailConfiguration: {
      EmailSendingAccount: "DEVELOPER",
      SourceArn: "arn:aws:ses:us-east-1:123456789012:identity/sender@example.com",
    },
    AccountRecoverySetting: { RecoveryMechanisms: [{ Name: "admin_only", Priority: 1 }] },
  });
  await admin.send(new SetUserPoolMfaConfigCommand({ UserPoolId: pool.id, ...settings }));
  return pool;
}

const token = { SoftwareTokenMfaConfiguration: { Enabled: true } };
const sms = { SmsMfaConfiguration: { SmsConfiguration: { SnsCallerArn: "arn:aws:iam::123456789012:role/sms" } } };
const email = { EmailMfaConfiguration: {} };

async function createUser(pool, prefix, attributes = {}) {
  const { username } = newUser(prefix);
  const user = { UserPoolId: pool.id, Username: username };
  const UserAttributes = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
  await admin.send(new AdminCreateUserCommand({ ...user, UserAttributes, MessageAction: "SUPPRESS" }));
  await admin.send(new AdminSetUserPasswordCommand({ ...user, Password: password, Permanent: true }));
  return username;
}

/**
 * An authenticator app. The server takes the codes of three steps and each of
 * them once, so they are given out from the oldest on.
 */
class Authenticator {
  #key;
  #last = 0;

  constructor(secret) {
    assert.match(secret, /^[A-Z2-7]{52}$/);
    const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
    this.#key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  }

  next() {
    const now = Math.floor(Date.now() / 30_000);
    this.#last = Math.max(this.#last + 1, now - 1);
    assert.ok(this.#last <= now + 1, "all present codes are used");
    return this.#code(this.#last);
  }

  wrong() {
    const now = Math.floor(Date.now() / 30_000);
    const near = [-2, -1, 0, 1, 2].map((offset) => this.#code(now + offset));
    return ["000000", "111111", "222222", "333333", "444444", "555555"].find((code) => !near.includes(code));
  }

  #code(step) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const sum = createHmac("sha1", this.#key).update(counter).digest();
    const number = sum.readUInt32BE(sum[19] & 15) & 0x7fffffff;
    return String(number % 1_000_000).padStart(6, "0");
  }
}

describe("amazon-cognito-identity-js", () => {
  function cognitoUser(pool, Username) {
    return new CognitoUser({ Username, Pool: new CognitoUserPool({ UserPoolId: pool.id, ClientId: pool.clientId, endpoint }) });
  }

  /** Runs a method with callbacks and tells which of them was called. */
  function called(call) {
    return new Promise((resolve, reject) => {
      const name = (event) => (...values) => resolve({ event, values });
      call({
        onFailure: reject,
        onSuccess: name("onSuccess"),
        mfaRequired: name("mfaRequired"),
        totpRequired: name("totpRequired"),
        mfaSetup: name("mfaSetup"),
        selectMFAType: name("selectMFAType"),
        associateSecretCode: name("associateSecretCode"),
      });
    });
  }

  function authenticate(user) {
    const details = new AuthenticationDetails({ Username: user.getUsername(), Password: password });
    return called((callbacks) => user.authenticateUser(details, callbacks));
  }

  test("sets an app up at the first sign-in and asks for it at the next", async () => {
    const pool = await poolWith({ MfaConfiguration: "ON", ...token });
    const user = cognitoUser(pool, await createUser(pool, "ana"));
    const setUp = await authenticate(user);
    assert.equal(setUp.event, "mfaSetup");
    assert.equal(setUp.values[1].MFAS_CAN_SETUP, '["SOFTWARE_TOKEN_MFA"]');
    const shown = await called((callbacks) => user.associateSoftwareToken(callbacks));
    const app = new Authenticator(shown.values[0]);
    await rejects(
      called((callbacks) => user.verifySoftwareToken(app.wrong(), "phone", callbacks)),
      "EnableSoftwareTokenMFAException",
    );
    const done = await called((callbacks) => user.verifySoftwareToken(app.next(), "phone", callbacks));
    assert.equal(done.event, "onSuccess");
    assert.ok(done.values[0].isValid());

    const again = cognitoUser(pool, user.getUsername());
    const asked = await authenticate(again);
    assert.equal(asked.event, "totpRequired");
    assert.equal(asked.values[1].FRIENDLY_DEVICE_NAME, "phone");
    const send = (code) => called((callbacks) => again.sendMFACode(code, callbacks, "SOFTWARE_TOKEN_MFA"));
    await rejects(send(app.wrong()), "CodeMismatchException", "Invalid code received for user");
    const code = app.next();
    const session = (await send(code)).values[0];
    assert.deepEqual(session.getIdToken().decodePayload().amr, ["pwd", "otp", "mfa"]);
    assert.equal(session.getIdToken().decodePayload().acr, "urn:cognito:loa:4");

    const third = cognitoUser(pool, user.getUsername());
    await authenticate(third);
    await rejects(
      called((callbacks) => third.sendMFACode(code, callbacks, "SOFTWARE_TOKEN_MFA")),
      "ExpiredCodeException",
      "Your software token has already been used once.",
    );
  });

  test("takes a code by SMS", async () => {
    const pool = await poolWith({ MfaConfiguration: "ON", ...sms });
    const user = cognitoUser(pool, await createUser(pool, "bo", { phone_number: phone }));
    const asked = await authenticate(user);
    assert.equal(asked.event, "mfaRequired");
    assert.equal(asked.values[1].CODE_DELIVERY_DESTINATION, "+*******0123");
    const code = await nextCode(pool, user.getUsername());
    const wrong = code === "000000" ? "000001" : "000000";
    await rejects(called((callbacks) => user.sendMFACode(wrong, callbacks)), "CodeMismatchException");
    const done = await called((callbacks) => user.sendMFACode(code, callbacks));
    assert.ok(done.values[0].isValid());
    assert.equal(done.values[0].getIdToken().decodePayload().phone_number_verified, true);
  });

  test("registers an app while signed in, prefers it, and chooses between two", async () => {
    const pool = await poolWith({ MfaConfiguration: "OPTIONAL", ...token, ...sms });
    const user = cognitoUser(pool, await createUser(pool, "carla", { phone_number: phone }));
    assert.equal((await authenticate(user)).event, "onSuccess");
    const shown = await called((callbacks) => user.associateSoftwareToken(callbacks));
    const app = new Authenticator(shown.values[0]);
    await called((callbacks) => user.verifySoftwareToken(app.next(), "phone", callbacks));
    const on = { Enabled: true, PreferredMfa: false };
    await promisify(user.setUserMfaPreference).call(user, on, on);
    const data = await promisify((done) => user.getUserData(done, { bypassCache: true }))();
    assert.deepEqual(data.UserMFASettingList, ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]);
    assert.equal(data.PreferredMfaSetting, undefined);

    const again = cognitoUser(pool, user.getUsername());
    const choice = await authenticate(again);
    assert.equal(choice.event, "selectMFAType");
    assert.equal(choice.values[1].MFAS_CAN_CHOOSE, '["SMS_MFA","SOFTWARE_TOKEN_MFA"]');
    const picked = await called((callbacks) => again.sendMFASelectionAnswer("SOFTWARE_TOKEN_MFA", callbacks));
    assert.equal(picked.event, "totpRequired");
    const done = await called((callbacks) => again.sendMFACode(app.next(), callbacks, "SOFTWARE_TOKEN_MFA"));
    assert.ok(done.values[0].isValid());

    await promisify(user.setUserMfaPreference).call(user, { Enabled: false, PreferredMfa: false }, { Enabled: true, PreferredMfa: true });
    const third = cognitoUser(pool, user.getUsername());
    assert.equal((await authenticate(third)).event, "totpRequired");
  });
});

describe("aws-amplify", () => {
  class MemoryStorage {
    #items = new Map();
    setItem = async (key, value) => void this.#items.set(key, value);
    getItem = async (key) => this.#items.get(key) ?? null;
    removeItem = async (key) => void this.#items.delete(key);
    clear = async () => this.#items.clear();
  }

  before(() => cognitoUserPoolsTokenProvider.setKeyValueStorage(new MemoryStorage()));

  // Amplify has one pool and one signed-in user at a time.
  afterEach(() => signOut());

  function use(pool) {
    Amplify.configure({
      Auth: { Cognito: { userPoolId: pool.id, userPoolClientId: pool.clientId, userPoolEndpoint: endpoint } },
    });
  }

  const step = ({ nextStep }) => nextStep.signInStep;

  test("sets an app up at the first sign-in and asks for it at the next", async () => {
    const pool = await poolWith({ MfaConfiguration: "ON", ...token });
    use(pool);
    const username = await createUser(pool, "dan");
    const begun = await signIn({ username, password });
    assert.equal(step(begun), "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
    const { sharedSecret } = begun.nextStep.totpSetupDetails;
    const app = new Authenticator(sharedSecret);
    assert.equal(step(await confirmSignIn({ challengeResponse: app.next() })), "DONE");
    await signOut();
    assert.equal(step(await signIn({ username, password })), "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
    await rejects(confirmSignIn({ challengeResponse: app.wrong() }), "CodeMismatchException");
    assert.equal(step(await confirmSignIn({ challengeResponse: app.next() })), "DONE");
    const { tokens } = await fetchAuthSession();
    assert.equal(tokens.accessToken.payload.acr, "urn:cognito:loa:4");
  });

  test("registers an app, prefers it, and is told so", async () => {
    const pool = await poolWith({ MfaConfiguration: "OPTIONAL", ...token, ...sms, ...email });
    use(pool);
    const username = await createUser(pool, "eva", { phone_number: phone, email: "eva@example.com" });
    assert.equal(step(await signIn({ username, password })), "DONE");
    const app = new Authenticator((await setUpTOTP()).sharedSecret);
    await verifyTOTPSetup({ code: app.next() });
    await updateMFAPreference({ totp: "PREFERRED", sms: "ENABLED", email: "ENABLED" });
    assert.deepEqual(await fetchMFAPreference(), { enabled: ["SMS", "TOTP", "EMAIL"], preferred: "TOTP" });
    await signOut();
    assert.equal(step(await signIn({ username, password })), "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
    assert.equal(step(await confirmSignIn({ challengeResponse: app.next() })), "DONE");
    await updateMFAPreference({ totp: "DISABLED", sms: "DISABLED", email: "DISABLED" });
    assert.deepEqual(await fetchMFAPreference(), { enabled: undefined, preferred: undefined });
  });

  test("chooses a factor and takes its code", async () => {
    const pool = await poolWith({ MfaConfiguration: "ON", ...sms, ...email });
    use(pool);
    const username = await createUser(pool, "finn", { phone_number: phone, email: "finn@example.com" });
    const begun = await signIn({ username, password });
    assert.equal(step(begun), "CONTINUE_SIGN_IN_WITH_MFA_SELECTION");
    assert.deepEqual(begun.nextStep.allowedMFATypes, ["SMS", "EMAIL"]);
    const sent = await confirmSignIn({ challengeResponse: "EMAIL" });
    assert.equal(step(sent), "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
    assert.equal(sent.nextStep.codeDeliveryDetails.destination, "f***@e***");
    assert.equal(step(await confirmSignIn({ challengeResponse: await nextCode(pool, username) })), "DONE");
    await signOut();
    await admin.send(
      new AdminSetUserMFAPreferenceCommand({
        UserPoolId: pool.id,
        Username: username,
        SMSMfaSettings: { Enabled: true, PreferredMfa: true },
      }),
    );
    assert.equal(step(await signIn({ username, password })), "CONFIRM_SIGN_IN_WITH_SMS_CODE");
    assert.equal(step(await confirmSignIn({ challengeResponse: await nextCode(pool, username) })), "DONE");
  });

  test("sets an e-mail address up at the first sign-in", async () => {
    const pool = await poolWith({ MfaConfiguration: "ON", ...email });
    use(pool);
    const username = await createUser(pool, "gita");
    assert.equal(step(await signIn({ username, password })), "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP");
    const sent = await confirmSignIn({ challengeResponse: "gita@example.com" });
    assert.equal(step(sent), "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
    assert.equal(step(await confirmSignIn({ challengeResponse: await nextCode(pool, username) })), "DONE");
    const { tokens } = await fetchAuthSession();
    assert.equal(tokens.idToken.payload.email, "gita@example.com");
    assert.equal(tokens.idToken.payload.email_verified, true);
  });

  test("chooses which factor to set up", async () => {
    const pool = await poolWith({ MfaConfiguration: "ON", ...token, ...email });
    use(pool);
    const username = await createUser(pool, "hugo");
    const begun = await signIn({ username, password });
    assert.equal(step(begun), "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION");
    assert.deepEqual(begun.nextStep.allowedMFATypes, ["TOTP", "EMAIL"]);
    const chosen = await confirmSignIn({ challengeResponse: "TOTP" });
    assert.equal(step(chosen), "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
    const app = new Authenticator(chosen.nextStep.totpSetupDetails.sharedSecret);
    assert.equal(step(await confirmSignIn({ challengeResponse: app.next() })), "DONE");
  });
});
