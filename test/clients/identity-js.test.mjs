// amazon-cognito-identity-js, the library that Amplify up to version 5 was built
// on and that many pages still use alone.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { AdminCreateUserCommand } from "@aws-sdk/client-cognito-identity-provider";
import identity from "amazon-cognito-identity-js";
import { admin, claims, createPool, endpoint, newUser, nextCode, otherPassword, password, rejects } from "./cognate.mjs";

const { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } = identity;

let pool;
let userPool;

before(async () => {
  pool = await createPool();
  userPool = new CognitoUserPool({ UserPoolId: pool.id, ClientId: pool.clientId, endpoint });
});

const attribute = (Name, Value) => new CognitoUserAttribute({ Name, Value });

/** Turns a method that takes {onSuccess, onFailure} into a promise. */
function outcome(call, more = {}) {
  return new Promise((resolve, reject) => call({ onSuccess: resolve, onFailure: reject, ...more }));
}

/** Calls a method that takes a Node-style callback last. */
const call = (object, method, ...args) => promisify(object[method]).apply(object, args);

function cognitoUser(username) {
  return new CognitoUser({ Username: username, Pool: userPool });
}

function signUp({ username, email }) {
  return promisify((done) =>
    userPool.signUp(username, password, [attribute("email", email)], null, done),
  )();
}

async function signIn(username, Password, flow) {
  const user = cognitoUser(username);
  if (flow) user.setAuthenticationFlowType(flow);
  const session = await outcome((callbacks) =>
    user.authenticateUser(new AuthenticationDetails({ Username: username, Password }), callbacks),
  );
  return { user, session };
}

async function confirmedUser(prefix) {
  const person = newUser(prefix);
  await signUp(person);
  await call(cognitoUser(person.username), "confirmRegistration", await nextCode(pool, person.username), false);
  return person;
}

describe("amazon-cognito-identity-js", () => {
  test("signs up, confirms and signs in with SRP", async () => {
    const person = newUser("ana");
    const result = await signUp(person);
    assert.equal(result.userConfirmed, false);
    assert.match(result.userSub, /^[0-9a-f-]{36}$/);
    assert.equal(result.codeDeliveryDetails.DeliveryMedium, "EMAIL");
    assert.equal(result.codeDeliveryDetails.AttributeName, "email");

    await rejects(signIn(person.username, password), "UserNotConfirmedException", "User is not confirmed.");
    const user = cognitoUser(person.username);
    const code = await nextCode(pool, person.username);
    const wrong = code === "000000" ? "000001" : "000000";
    await rejects(call(user, "confirmRegistration", wrong, false), "CodeMismatchException");
    assert.equal(await call(user, "confirmRegistration", code, false), "SUCCESS");

    const { session } = await signIn(person.username, password);
    assert.ok(session.isValid());
    const id = session.getIdToken().decodePayload();
    assert.equal(id.sub, result.userSub);
    assert.equal(id.email, person.email);
    assert.equal(id.email_verified, true);
    assert.equal(id.aud, pool.clientId);
    assert.equal(id.token_use, "id");
    const access = session.getAccessToken().decodePayload();
    assert.equal(access.client_id, pool.clientId);
    assert.equal(access.token_use, "access");
    assert.equal(access.username, person.username);
  });

  test("sends a second confirmation code", async () => {
    const person = newUser("bo");
    await signUp(person);
    const first = await nextCode(pool, person.username);
    const user = cognitoUser(person.username);
    const sent = await call(user, "resendConfirmationCode");
    assert.equal(sent.CodeDeliveryDetails.DeliveryMedium, "EMAIL");
    const second = await nextCode(pool, person.username);
    assert.notEqual(first, second);
    assert.equal(await call(user, "confirmRegistration", second, false), "SUCCESS");
  });

  test("refuses a wrong password and an unknown user alike", async () => {
    const person = await confirmedUser("carla");
    const message = "Incorrect username or password.";
    await rejects(signIn(person.username, otherPassword), "NotAuthorizedException", message);
    await rejects(signIn("nobody-of-that-name", otherPassword), "NotAuthorizedException", message);
  });

  // Numbers of the exchange that happen to begin with a zero byte or a high bit
  // are padded by the two sides separately; one sign-in in 256 would show it.
  test("computes the same SRP key for many random values", { timeout: 120_000 }, async () => {
    const person = await confirmedUser("dan");
    for (let i = 0; i < 12; i++) {
      const { session } = await signIn(person.username, password);
      assert.ok(session.isValid());
    }
  });

  test("signs in with the password itself", async () => {
    const person = await confirmedUser("eva");
    const { session } = await signIn(person.username, password, "USER_PASSWORD_AUTH");
    assert.ok(session.isValid());
    await rejects(signIn(person.username, otherPassword, "USER_PASSWORD_AUTH"), "NotAuthorizedException");
  });

  test("changes the password", async () => {
    const person = await confirmedUser("finn");
    const { user } = await signIn(person.username, password);
    await rejects(call(user, "changePassword", otherPassword, otherPassword), "NotAuthorizedException");
    assert.equal(await call(user, "changePassword", password, otherPassword), "SUCCESS");
    await rejects(signIn(person.username, password), "NotAuthorizedException");
    await signIn(person.username, otherPassword);
  });

  test("replaces a forgotten password", async () => {
    const person = await confirmedUser("gita");
    const user = cognitoUser(person.username);
    const delivery = await outcome((callbacks) => user.forgotPassword(callbacks));
    assert.equal(delivery.CodeDeliveryDetails.AttributeName, "email");
    assert.match(delivery.CodeDeliveryDetails.Destination, /^g\*+@e\*+$/);
    const code = await nextCode(pool, person.username);
    assert.equal(await outcome((callbacks) => user.confirmPassword(code, otherPassword, callbacks)), "SUCCESS");
    await rejects(outcome((callbacks) => user.confirmPassword(code, password, callbacks)), "ExpiredCodeException");
    await rejects(signIn(person.username, password), "NotAuthorizedException");
    await signIn(person.username, otherPassword);
  });

  test("answers NEW_PASSWORD_REQUIRED", async () => {
    const { username, email } = newUser("hugo");
    await admin.send(
      new AdminCreateUserCommand({
        UserPoolId: pool.id,
        Username: username,
        TemporaryPassword: "Temporary-1",
        MessageAction: "SUPPRESS",
        UserAttributes: [
          { Name: "email", Value: email },
          { Name: "email_verified", Value: "true" },
        ],
      }),
    );
    const user = cognitoUser(username);
    const details = new AuthenticationDetails({ Username: username, Password: "Temporary-1" });
    const challenge = await new Promise((resolve, reject) =>
      user.authenticateUser(details, {
        onSuccess: () => reject(new Error("signed in with a temporary password")),
        onFailure: reject,
        newPasswordRequired: (userAttributes, requiredAttributes) => resolve({ userAttributes, requiredAttributes }),
      }),
    );
    assert.equal(challenge.userAttributes.email, email);
    assert.deepEqual(challenge.requiredAttributes, []);
    await rejects(
      outcome((callbacks) => user.completeNewPasswordChallenge("short", {}, callbacks)),
      "InvalidPasswordException",
    );
    const session = await outcome((callbacks) =>
      user.completeNewPasswordChallenge(password, { given_name: "Hugo" }, callbacks),
    );
    assert.ok(session.isValid());
    assert.equal(session.getIdToken().decodePayload().given_name, "Hugo");
    await signIn(username, password);
  });

  test("refreshes, signs out here and everywhere", async () => {
    const person = await confirmedUser("ines");
    const { user, session } = await signIn(person.username, password);
    const refreshed = await call(user, "refreshSession", session.getRefreshToken());
    assert.ok(refreshed.isValid());
    assert.notEqual(refreshed.getAccessToken().getJwtToken(), session.getAccessToken().getJwtToken());
    const before = claims(session.getAccessToken().getJwtToken());
    const after = claims(refreshed.getAccessToken().getJwtToken());
    assert.equal(after.origin_jti, before.origin_jti);
    assert.equal(after.auth_time, before.auth_time);
    assert.notEqual(after.jti, before.jti);

    // signOut with a callback revokes the refresh token, of this session only.
    const other = await signIn(person.username, password);
    await new Promise((resolve, reject) => user.signOut((error) => (error ? reject(error) : resolve())));
    await rejects(call(user, "refreshSession", session.getRefreshToken()), "NotAuthorizedException");
    await call(other.user, "refreshSession", other.session.getRefreshToken());

    assert.equal(await outcome((callbacks) => other.user.globalSignOut(callbacks)), "SUCCESS");
    await rejects(
      call(cognitoUser(person.username), "refreshSession", other.session.getRefreshToken()),
      "NotAuthorizedException",
      "Refresh Token has been revoked",
    );
  });

  test("reads, changes, verifies and deletes attributes", async () => {
    const person = await confirmedUser("jonas");
    const { user } = await signIn(person.username, password);
    const read = async () =>
      Object.fromEntries((await call(user, "getUserAttributes")).map((a) => [a.getName(), a.getValue()]));

    assert.equal((await read()).email, person.email);
    await call(user, "updateAttributes", [attribute("given_name", "Jonas"), attribute("custom:favourite", "tea")]);
    const attributes = await read();
    assert.equal(attributes.given_name, "Jonas");
    assert.equal(attributes["custom:favourite"], "tea");
    assert.equal(await call(user, "deleteAttributes", ["given_name"]), "SUCCESS");
    assert.equal((await read()).given_name, undefined);

    await call(user, "updateAttributes", [attribute("email", `new-${person.email}`)]);
    assert.equal((await read()).email_verified, "false");
    const code = await nextCode(pool, person.username);
    assert.equal(await outcome((callbacks) => user.verifyAttribute("email", code, callbacks)), "SUCCESS");
    assert.equal((await read()).email_verified, "true");

    const data = await promisify((done) => user.getUserData(done, { bypassCache: true }))();
    assert.equal(data.Username, person.username);
  });

  test("deletes the user", async () => {
    const person = await confirmedUser("kim");
    const { user } = await signIn(person.username, password);
    assert.equal(await call(user, "deleteUser"), "SUCCESS");
    await rejects(signIn(person.username, password), "NotAuthorizedException");
  });
});
