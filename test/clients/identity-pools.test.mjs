// Identity pools and STS by the AWS SDK for JavaScript: the client, and the
// credential providers that applications give to other clients.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import {
  CognitoIdentityClient,
  DescribeIdentityCommand,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
  GetOpenIdTokenCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  ListIdentityPoolsCommand,
} from "@aws-sdk/client-cognito-identity";
import { GetUserPoolMfaConfigCommand, InitiateAuthCommand } from "@aws-sdk/client-cognito-identity-provider";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromCognitoIdentity, fromCognitoIdentityPool, fromWebToken } from "@aws-sdk/credential-providers";
import { JwtRsaVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import * as openid from "openid-client";
import {
  account,
  admin,
  claims,
  confirmedUser,
  createIdentityPool,
  createPool,
  endpoint,
  identityAdmin,
  password,
  region,
  rejects,
  userPoolClientWith,
} from "./cognate.mjs";

const clientConfig = { endpoint, region, maxAttempts: 1 };

/** Whom STS sees behind credentials. */
async function callerOf(credentials) {
  const client = new STSClient({ ...clientConfig, credentials });
  return client.send(new GetCallerIdentityCommand({}));
}

function assumed(role, session = "CognitoIdentityCredentials") {
  return `arn:aws:sts::${account}:assumed-role/${role}/${session}`;
}

describe("@aws-sdk identity pools", () => {
  let pool;
  let identityPool;
  const open = new CognitoIdentityClient({ ...clientConfig, credentials: { accessKeyId: "", secretAccessKey: "" } });

  before(async () => {
    pool = await createPool();
    identityPool = await createIdentityPool(pool);
  });

  async function signedIn(prefix) {
    const { username } = await confirmedUser(pool, prefix);
    const { AuthenticationResult } = await admin.send(
      new InitiateAuthCommand({
        ClientId: pool.clientId,
        AuthFlow: "USER_PASSWORD_AUTH",
        AuthParameters: { USERNAME: username, PASSWORD: password },
      }),
    );
    return { username, logins: { [identityPool.provider]: AuthenticationResult.IdToken } };
  }

  test("fromCognitoIdentityPool gives a guest credentials", async () => {
    const provider = fromCognitoIdentityPool({ identityPoolId: identityPool.id, clientConfig });
    const credentials = await provider();
    assert.match(credentials.accessKeyId, /^ASIA[A-Z2-7]{16}$/);
    assert.equal(credentials.secretAccessKey.length, 40);
    assert.ok(credentials.sessionToken);
    const left = credentials.expiration - Date.now();
    assert.ok(left > 3_500_000 && left <= 3_600_000, `${left} ms`);
    assert.match(credentials.identityId, /^us-east-1:[0-9a-f-]{36}$/);

    const caller = await callerOf(credentials);
    assert.equal(caller.Arn, assumed("guest"));
    assert.equal(caller.Account, account);
    assert.match(caller.UserId, /^AROA[A-Z0-9]+:CognitoIdentityCredentials$/);
  });

  test("fromCognitoIdentityPool gives a user of a user pool credentials", async () => {
    const { logins } = await signedIn("ana");
    const credentials = await fromCognitoIdentityPool({ identityPoolId: identityPool.id, logins, clientConfig })();
    assert.equal((await callerOf(credentials)).Arn, assumed("user"));

    // The same user is the same identity, by either provider.
    const again = await fromCognitoIdentity({ identityId: credentials.identityId, logins, clientConfig })();
    assert.equal(again.identityId, credentials.identityId);
    const described = await identityAdmin.send(new DescribeIdentityCommand({ IdentityId: credentials.identityId }));
    assert.deepEqual(described.Logins, [identityPool.provider]);
    await rejects(
      fromCognitoIdentity({ identityId: credentials.identityId, clientConfig })(),
      "NotAuthorizedException",
      `Access to Identity '${credentials.identityId}' is forbidden.`,
    );
  });

  test("credentials open the user pools API, and not that of identity pools", async () => {
    const { logins } = await signedIn("bob");
    const credentials = await fromCognitoIdentityPool({ identityPoolId: identityPool.id, logins, clientConfig })();
    const users = userPoolClientWith(credentials);
    const answer = await users.send(new GetUserPoolMfaConfigCommand({ UserPoolId: pool.id }));
    assert.equal(answer.MfaConfiguration, "OFF");

    const identities = new CognitoIdentityClient({ ...clientConfig, credentials });
    await rejects(identities.send(new ListIdentityPoolsCommand({ MaxResults: 10 })), "AccessDeniedException");

    // Cognate's own credentials are checked in dev, too.
    const forged = userPoolClientWith({ ...credentials, secretAccessKey: "x".repeat(40) });
    await rejects(forged.send(new GetUserPoolMfaConfigCommand({ UserPoolId: pool.id })), "InvalidSignatureException");
  });

  test("the classic flow by fromWebToken", async () => {
    const classic = await createIdentityPool(pool, { AllowClassicFlow: true });
    const { logins } = await signedIn("cia");
    const { IdentityId } = await open.send(new GetIdCommand({ IdentityPoolId: classic.id, Logins: logins }));
    const { Token } = await open.send(new GetOpenIdTokenCommand({ IdentityId, Logins: logins }));
    const said = claims(Token);
    assert.equal(said.iss, `${process.env.COGNATE_PUBLIC_URL ?? endpoint}/cognito-identity`);
    assert.equal(said.aud, classic.id);
    assert.equal(said.sub, IdentityId);
    assert.equal(said.exp - said.iat, 600);
    assert.deepEqual(said.amr.slice(0, 2), ["authenticated", classic.provider]);

    const credentials = await fromWebToken({
      roleArn: `arn:aws:iam::${account}:role/chosen`,
      roleSessionName: "app-1",
      webIdentityToken: Token,
      clientConfig,
    })();
    assert.equal((await callerOf(credentials)).Arn, assumed("chosen", "app-1"));

    const sts = new STSClient({ ...clientConfig, credentials: { accessKeyId: "", secretAccessKey: "" } });
    const request = {
      RoleArn: `arn:aws:iam::${account}:role/chosen`,
      RoleSessionName: "app-1",
      WebIdentityToken: Token,
    };
    const answer = await sts.send(new AssumeRoleWithWebIdentityCommand(request));
    assert.equal(answer.SubjectFromWebIdentityToken, IdentityId);
    assert.equal(answer.Audience, classic.id);
    assert.equal(answer.Provider, "cognito-identity.amazonaws.com");
    const [header, payload, signature] = Token.split(".");
    const other = `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`;
    const forged = { ...request, WebIdentityToken: [header, payload, other].join(".") };
    await rejects(sts.send(new AssumeRoleWithWebIdentityCommand(forged)), "InvalidIdentityTokenException");
  });

  test("the developer's own provider", async () => {
    const own = await createIdentityPool(pool, { DeveloperProviderName: "login.example.com" });
    const { IdentityId, Token } = await identityAdmin.send(
      new GetOpenIdTokenForDeveloperIdentityCommand({
        IdentityPoolId: own.id,
        Logins: { "login.example.com": "dora" },
      }),
    );
    assert.equal(claims(Token).exp - claims(Token).iat, 900);
    const logins = { "cognito-identity.amazonaws.com": Token };
    const credentials = await fromCognitoIdentity({ identityId: IdentityId, logins, clientConfig })();
    assert.equal((await callerOf(credentials)).Arn, assumed("user"));
    await rejects(
      open.send(new GetIdCommand({ IdentityPoolId: own.id, Logins: logins })),
      "NotAuthorizedException",
      "Invalid login token. Can't pass in a Cognito token.",
    );
  });

  // Any system that takes OpenID tokens finds the keys by the issuer.
  test("others check the pool's tokens by discovery", async () => {
    const issuer = `${process.env.COGNATE_PUBLIC_URL ?? endpoint}/cognito-identity`;
    const found = await openid.discovery(new URL(issuer), "any", undefined, undefined, {
      execute: [openid.allowInsecureRequests],
    });
    const { jwks_uri, id_token_signing_alg_values_supported } = found.serverMetadata();
    assert.deepEqual(id_token_signing_alg_values_supported, ["RS512"]);

    const classic = await createIdentityPool(pool, { AllowClassicFlow: true });
    const { IdentityId } = await open.send(new GetIdCommand({ IdentityPoolId: classic.id }));
    const { Token } = await open.send(new GetOpenIdTokenCommand({ IdentityId }));
    const fetcher = { fetch: async (uri) => (await fetch(uri)).arrayBuffer() };
    const verifier = (audience) =>
      JwtRsaVerifier.create(
        { issuer, audience, jwksUri: jwks_uri },
        { jwksCache: new SimpleJwksCache({ fetcher }) },
      );
    const said = await verifier(classic.id).verify(Token);
    assert.equal(said.sub, IdentityId);
    assert.deepEqual(said.amr, ["unauthenticated"]);
    await assert.rejects(verifier(identityPool.id).verify(Token), /Audience not allowed/);
  });

  test("SecretKey is the name in this service", async () => {
    const { IdentityId } = await open.send(new GetIdCommand({ IdentityPoolId: identityPool.id }));
    const { Credentials } = await open.send(new GetCredentialsForIdentityCommand({ IdentityId }));
    assert.equal(Credentials.SecretKey.length, 40);
    assert.ok(Credentials.Expiration instanceof Date);
  });
});
