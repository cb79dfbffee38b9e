// Remembered devices, as amazon-cognito-identity-js and aws-amplify 6 handle them
// by themselves: they confirm the device after the first sign-in, prove it at the
// next ones, and start anew when the pool has forgotten it.

import assert from "node:assert/strict";
import { afterEach, before, describe, test } from "node:test";
import { promisify } from "node:util";
import {
  AdminCreateUserCommand,
  AdminForgetDeviceCommand,
  AdminListDevicesCommand,
  AdminSetUserPasswordCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import identity from "amazon-cognito-identity-js";
import { Amplify } from "aws-amplify";
import {
  fetchAuthSession,
  fetchDevices,
  forgetDevice,
  rememberDevice,
  signIn as amplifySignIn,
  signOut as amplifySignOut,
} from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import { admin, claims, createPool, endpoint, newUser, password } from "./cognate.mjs";

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = identity;

const tracking = (prompt) => ({
  DeviceConfiguration: { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: prompt },
});

async function createUser(pool, prefix) {
  const { username } = newUser(prefix);
  const user = { UserPoolId: pool.id, Username: username };
  await admin.send(new AdminCreateUserCommand({ ...user, MessageAction: "SUPPRESS" }));
  await admin.send(new AdminSetUserPasswordCommand({ ...user, Password: password, Permanent: true }));
  return username;
}

async function devicesOf(pool, username) {
  const { Devices } = await admin.send(new AdminListDevicesCommand({ UserPoolId: pool.id, Username: username }));
  return Devices;
}

/** The operations and challenges that were called while f ran, and what f gave. */
async function watch(f) {
  const original = globalThis.fetch;
  const calls = [];
  globalThis.fetch = (input, init) => {
    const operation = new Headers(init?.headers ?? input.headers).get("x-amz-target")?.split(".")[1];
    const body = typeof init?.body === "string" ? JSON.parse(init.body) : {};
    calls.push(body.ChallengeName ?? operation);
    return original(input, init);
  };
  try {
    return { result: await f(), calls };
  } finally {
    globalThis.fetch = original;
  }
}

const proved = ["InitiateAuth", "PASSWORD_VERIFIER", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"];

describe("amazon-cognito-identity-js", () => {
  const signIn = (pool, username) => {
    const userPool = new CognitoUserPool({ UserPoolId: pool.id, ClientId: pool.clientId, endpoint });
    const user = new CognitoUser({ Username: username, Pool: userPool });
    return new Promise((resolve, reject) =>
      user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), {
        onSuccess: (session, confirm) => resolve({ user, session, confirm }),
        onFailure: reject,
      }),
    );
  };
  const outcome = (user, method, ...args) =>
    new Promise((resolve, reject) => user[method](...args, { onSuccess: resolve, onFailure: reject }));

  test("remembers a device, signs in from it and forgets it", async () => {
    const pool = await createPool(admin, tracking(false));
    const username = await createUser(pool, "ana");
    const first = await watch(() => signIn(pool, username));
    assert.deepEqual(first.calls, ["InitiateAuth", "PASSWORD_VERIFIER", "ConfirmDevice"]);
    assert.ok(!first.result.confirm);
    const [device] = await devicesOf(pool, username);
    const key = device.DeviceKey;
    assert.equal(first.result.session.getAccessToken().decodePayload().device_key, key);

    const second = await watch(() => signIn(pool, username));
    assert.deepEqual(second.calls, proved);
    const { user, session } = second.result;
    assert.equal(session.getAccessToken().decodePayload().device_key, key);
    assert.equal((await outcome(user, "getDevice")).Device.DeviceKey, key);
    await promisify(user.refreshSession.bind(user))(session.getRefreshToken());

    assert.equal(await outcome(user, "forgetDevice"), "SUCCESS");
    assert.equal((await devicesOf(pool, username)).length, 0);
    const third = await watch(() => signIn(pool, username));
    assert.deepEqual(third.calls, ["InitiateAuth", "PASSWORD_VERIFIER", "ConfirmDevice"]);
    assert.notEqual(third.result.session.getAccessToken().decodePayload().device_key, key);
  });

  test("starts anew when an administrator has forgotten the device", async () => {
    const pool = await createPool(admin, tracking(false));
    const username = await createUser(pool, "bo");
    await signIn(pool, username);
    const [device] = await devicesOf(pool, username);
    await admin.send(
      new AdminForgetDeviceCommand({ UserPoolId: pool.id, Username: username, DeviceKey: device.DeviceKey }),
    );
    const { calls } = await watch(() => signIn(pool, username));
    assert.deepEqual(calls, ["InitiateAuth", "PASSWORD_VERIFIER", "PASSWORD_VERIFIER", "ConfirmDevice"]);
    assert.equal((await devicesOf(pool, username)).length, 1);
  });

  test("asks the user where the pool says so", async () => {
    const pool = await createPool(admin, tracking(true));
    const username = await createUser(pool, "cem");
    const { user, confirm } = await signIn(pool, username);
    assert.equal(confirm, true);
    assert.deepEqual((await watch(() => signIn(pool, username))).calls, ["InitiateAuth", "PASSWORD_VERIFIER"]);
    assert.equal(await outcome(user, "setDeviceStatusRemembered"), "SUCCESS");
    assert.equal((await outcome(user, "listDevices", 10, null)).Devices.length, 1);
    assert.deepEqual((await watch(() => signIn(pool, username))).calls, proved);
    assert.equal(await outcome(user, "setDeviceStatusNotRemembered"), "SUCCESS");
    assert.deepEqual((await watch(() => signIn(pool, username))).calls, ["InitiateAuth", "PASSWORD_VERIFIER"]);
  });
});

describe("aws-amplify", () => {
  /** Keeps tokens and device keys as a browser's local storage would. */
  class MemoryStorage {
    #items = new Map();
    setItem = async (key, value) => void this.#items.set(key, value);
    getItem = async (key) => this.#items.get(key) ?? null;
    removeItem = async (key) => void this.#items.delete(key);
    clear = async () => this.#items.clear();
  }

  const use = (pool) =>
    Amplify.configure({
      Auth: { Cognito: { userPoolId: pool.id, userPoolClientId: pool.clientId, userPoolEndpoint: endpoint } },
    });
  const done = { isSignedIn: true, nextStep: { signInStep: "DONE" } };
  const deviceKey = async () => (await fetchAuthSession()).tokens.accessToken.payload.device_key;

  before(() => {
    // It names the device after the browser; Node.js before 21 has no navigator.
    globalThis.navigator ??= { userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
    cognitoUserPoolsTokenProvider.setKeyValueStorage(new MemoryStorage());
  });
  afterEach(() => amplifySignOut());

  test("remembers a device, signs in from it and forgets it", async () => {
    const pool = await createPool(admin, tracking(true));
    const username = await createUser(pool, "dora");
    use(pool);
    assert.deepEqual(await amplifySignIn({ username, password }), done);
    const key = await deviceKey();
    await rememberDevice();
    assert.deepEqual((await fetchDevices()).map((device) => device.id), [key]);
    await amplifySignOut();

    const { result, calls } = await watch(() => amplifySignIn({ username, password }));
    assert.deepEqual(result, done);
    assert.deepEqual(calls, proved);
    assert.equal(await deviceKey(), key);
    const refreshed = await fetchAuthSession({ forceRefresh: true });
    assert.equal(claims(refreshed.tokens.accessToken.toString()).device_key, key);

    await forgetDevice();
    assert.deepEqual(await fetchDevices(), []);
    await amplifySignOut();
    assert.deepEqual(await amplifySignIn({ username, password }), done);
    assert.notEqual(await deviceKey(), key);
  });

  for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
    test(`starts anew when an administrator has forgotten the device, ${authFlowType}`, async () => {
      const pool = await createPool(admin, tracking(false));
      const username = await createUser(pool, "eva");
      use(pool);
      await amplifySignIn({ username, password, options: { authFlowType } });
      const key = await deviceKey();
      await amplifySignOut();
      await admin.send(new AdminForgetDeviceCommand({ UserPoolId: pool.id, Username: username, DeviceKey: key }));
      assert.deepEqual(await amplifySignIn({ username, password, options: { authFlowType } }), done);
      const [device] = await devicesOf(pool, username);
      assert.notEqual(device.DeviceKey, key);
    });
  }
});
