// A stand-in for what a browser has for passkeys: navigator.credentials with one
// authenticator of the device itself. Amplify finds it as it would in a page.

import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";

class Credential {
  constructor(fields) {
    Object.assign(this, fields, { type: "public-key", authenticatorAttachment: "platform" });
  }
  getClientExtensionResults() {
    return {};
  }
}
class Response {
  constructor(fields) {
    Object.assign(this, fields);
  }
}
class AttestationResponse extends Response {
  getTransports() {
    return ["internal"];
  }
  getPublicKeyAlgorithm() {
    return -7;
  }
  getPublicKey() {
    return null;
  }
  getAuthenticatorData() {
    return this.authenticatorData;
  }
}
class AssertionResponse extends Response {}

const bytes = (buffer) => new Uint8Array(buffer).buffer;
const sha256 = (data) => createHash("sha256").update(data).digest();
const presentAndVerified = 0x05;
const withCredential = 0x40;

/** Makes this process look like a page at origin, until the returned function is called. */
export function pretendToBeAPage(origin) {
  const keys = new Map();

  const clientData = (type, challenge) =>
    Buffer.from(JSON.stringify({ type, challenge: Buffer.from(challenge).toString("base64url"), origin, crossOrigin: false }));
  const authenticatorData = (rpId, flags) => Buffer.concat([sha256(rpId), Buffer.from([flags, 0, 0, 0, 0])]);

  async function create({ publicKey: { challenge, rp, user } }) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const id = randomBytes(32);
    keys.set(id.toString("base64url"), { privateKey, user: Buffer.from(user.id) });
    const { x, y } = publicKey.export({ format: "jwk" });
    const cose = Buffer.concat([
      Buffer.from("a5010203262001215820", "hex"),
      Buffer.from(x, "base64url"),
      Buffer.from("225820", "hex"),
      Buffer.from(y, "base64url"),
    ]);
    const data = Buffer.concat([
      authenticatorData(rp.id, presentAndVerified | withCredential),
      Buffer.alloc(16), // AAGUID
      Buffer.from([0, id.length]),
      id,
      cose,
    ]);
    const object = Buffer.concat([
      Buffer.from("a363666d74646e6f6e656761747453746d74a0686175746844617461", "hex"), // {fmt: none, attStmt: {}, authData:
      Buffer.from([0x58, data.length]),
      data,
    ]);
    return new Credential({
      id: id.toString("base64url"),
      rawId: bytes(id),
      response: new AttestationResponse({
        clientDataJSON: bytes(clientData("webauthn.create", challenge)),
        attestationObject: bytes(object),
        authenticatorData: bytes(data),
      }),
    });
  }

  async function get({ publicKey: { challenge, rpId, allowCredentials } }) {
    const id = allowCredentials.map((c) => Buffer.from(c.id).toString("base64url")).find((name) => keys.has(name));
    const { privateKey, user } = keys.get(id);
    const data = authenticatorData(rpId, presentAndVerified);
    const client = clientData("webauthn.get", challenge);
    return new Credential({
      id,
      rawId: bytes(Buffer.from(id, "base64url")),
      response: new AssertionResponse({
        clientDataJSON: bytes(client),
        authenticatorData: bytes(data),
        signature: bytes(createSign("sha256").update(Buffer.concat([data, sha256(client)])).sign(privateKey)),
        userHandle: bytes(user),
      }),
    });
  }

  const globals = {
    window: { document: {}, isSecureContext: true, PublicKeyCredential: Credential },
    PublicKeyCredential: Credential,
    AuthenticatorAttestationResponse: AttestationResponse,
    AuthenticatorAssertionResponse: AssertionResponse,
  };
  Object.assign(globalThis, globals);
  if (!globalThis.navigator) globalThis.navigator = {}; // Node 20 has none
  Object.defineProperty(navigator, "credentials", { value: { create, get }, configurable: true });
  return () => {
    for (const name of Object.keys(globals)) delete globalThis[name];
    delete navigator.credentials;
  };
}
