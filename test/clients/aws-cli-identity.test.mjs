// Identity pools and STS by the AWS command line, where one is installed: by its own
// commands, and as a program that finds its credentials through a token in a file.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { InitiateAuthCommand } from "@aws-sdk/client-cognito-identity-provider";
import { account, admin, confirmedUser, createPool, endpoint, password, region } from "./cognate.mjs";

const run = promisify(execFile);

const installed = await run("aws", ["--version"]).then(
  () => true,
  () => false,
);

const anyKey = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

/** Runs `aws` with these credentials and returns its answer. */
async function aws(credentials, ...args) {
  const { stdout } = await run("aws", [...args, "--output", "json"], {
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_PAGER: "",
      ...credentials,
    },
  });
  return stdout ? JSON.parse(stdout) : undefined;
}

const directory = await mkdtemp(join(tmpdir(), "cognate-aws-"));
after(() => rm(directory, { recursive: true }));

describe("aws cognito-identity, aws sts", { skip: !installed && "the AWS command line is not installed" }, () => {
  const role = (name) => `arn:aws:iam::${account}:role/${name}`;
  let pool;
  let provider;
  let identityPoolId;

  before(async () => {
    pool = await createPool();
    provider = `cognito-idp.${region}.amazonaws.com/${pool.id}`;
    const made = await aws(
      anyKey,
      ...["cognito-identity", "create-identity-pool", "--identity-pool-name", "command-line"],
      ...["--allow-unauthenticated-identities", "--allow-classic-flow"],
      ...["--cognito-identity-providers", `ProviderName=${provider},ClientId=${pool.clientId}`],
    );
    identityPoolId = made.IdentityPoolId;
    await aws(
      anyKey,
      ...["cognito-identity", "set-identity-pool-roles", "--identity-pool-id", identityPoolId],
      ...["--roles", `authenticated=${role("user")},unauthenticated=${role("guest")}`],
    );
  });

  async function logins() {
    const { username } = await confirmedUser(pool, "ana");
    const { AuthenticationResult } = await admin.send(
      new InitiateAuthCommand({
        ClientId: pool.clientId,
        AuthFlow: "USER_PASSWORD_AUTH",
        AuthParameters: { USERNAME: username, PASSWORD: password },
      }),
    );
    return `${provider}=${AuthenticationResult.IdToken}`;
  }

  test("credentials of a user", { timeout: 60_000 }, async () => {
    const login = await logins();
    const { IdentityId } = await aws(
      {},
      ...["cognito-identity", "get-id", "--identity-pool-id", identityPoolId, "--logins", login, "--no-sign-request"],
    );
    const { Credentials } = await aws(
      {},
      ...["cognito-identity", "get-credentials-for-identity", "--identity-id", IdentityId],
      ...["--logins", login, "--no-sign-request"],
    );
    const user = {
      AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: Credentials.SecretKey,
      AWS_SESSION_TOKEN: Credentials.SessionToken,
    };
    const caller = await aws(user, "sts", "get-caller-identity");
    assert.equal(caller.Arn, `arn:aws:sts::${account}:assumed-role/user/CognitoIdentityCredentials`);
    const { UserPool } = await aws(user, "cognito-idp", "describe-user-pool", "--user-pool-id", pool.id);
    assert.equal(UserPool.Id, pool.id);
    await assert.rejects(
      aws(user, "cognito-identity", "describe-identity", "--identity-id", IdentityId),
      ({ stderr }) => stderr.includes("(AccessDeniedException) when calling the DescribeIdentity operation"),
    );
  });

  test("a program with the pool's token in a file", { timeout: 60_000 }, async () => {
    const login = await logins();
    const { IdentityId } = await aws(
      {},
      ...["cognito-identity", "get-id", "--identity-pool-id", identityPoolId, "--logins", login, "--no-sign-request"],
    );
    const { Token } = await aws(
      {},
      ...["cognito-identity", "get-open-id-token", "--identity-id", IdentityId, "--logins", login, "--no-sign-request"],
    );
    const file = join(directory, "token");
    await writeFile(file, Token);
    const caller = await aws(
      { AWS_ROLE_ARN: role("chosen"), AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_SESSION_NAME: "program" },
      ...["sts", "get-caller-identity"],
    );
    assert.equal(caller.Arn, `arn:aws:sts::${account}:assumed-role/chosen/program`);
  });
});
