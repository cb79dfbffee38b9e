// The AWS command line, where one is installed.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { createPool, endpoint, newUser, nextCode, password, region } from "./cognate.mjs";

const run = promisify(execFile);

const installed = await run("aws", ["--version"]).then(
  () => true,
  () => false,
);

/** Runs `aws cognito-idp` with an output of JSON and returns it. */
async function aws(...args) {
  const { stdout } = await run("aws", ["cognito-idp", ...args, "--endpoint-url", endpoint, "--output", "json"], {
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_PAGER: "",
    },
  });
  return stdout ? JSON.parse(stdout) : undefined;
}

describe("aws cognito-idp", { skip: !installed && "the AWS command line is not installed" }, () => {
  let pool;
  before(async () => {
    pool = await createPool();
  });

  test("signs up, confirms and signs in", { timeout: 60_000 }, async () => {
    const { username, email } = newUser("ana");
    const signedUp = await aws(
      ...["sign-up", "--client-id", pool.clientId, "--username", username, "--password", password],
      ...["--user-attributes", `Name=email,Value=${email}`, "--no-sign-request"],
    );
    assert.equal(signedUp.UserConfirmed, false);
    await aws(
      ...["confirm-sign-up", "--client-id", pool.clientId, "--username", username, "--no-sign-request"],
      ...["--confirmation-code", await nextCode(pool, username)],
    );
    const { AuthenticationResult } = await aws(
      ...["initiate-auth", "--client-id", pool.clientId, "--auth-flow", "USER_PASSWORD_AUTH", "--no-sign-request"],
      ...["--auth-parameters", `USERNAME=${username},PASSWORD=${password}`],
    );
    const me = await aws("get-user", "--access-token", AuthenticationResult.AccessToken, "--no-sign-request");
    assert.equal(me.Username, username);

    const found = await aws("admin-get-user", "--user-pool-id", pool.id, "--username", username);
    assert.equal(found.UserStatus, "CONFIRMED");
    const { Users } = await aws("list-users", "--user-pool-id", pool.id, "--filter", `email = "${email}"`);
    assert.deepEqual(
      Users.map((user) => user.Username),
      [username],
    );
  });

  test("imports users from a file that curl puts", { timeout: 60_000 }, async () => {
    const { CSVHeader } = await aws("get-csv-header", "--user-pool-id", pool.id);
    const people = ["ana", "bea", "ana"].map((name) => ({
      "cognito:username": `${name}-imported`,
      "cognito:mfa_enabled": "FALSE",
      email: `${name}-imported@example.com`,
      email_verified: name === "bea" ? "FALSE" : "TRUE",
      address: "12 High Street\\, Springfield",
    }));
    const rows = people.map((person) => CSVHeader.map((column) => person[column] ?? "").join(","));
    const dir = await mkdtemp(join(tmpdir(), "import-"));
    const file = join(dir, "users.csv");
    await writeFile(file, [CSVHeader.join(","), ...rows].join("\n"));

    const { UserImportJob: made } = await aws(
      ...["create-user-import-job", "--user-pool-id", pool.id, "--job-name", "move in"],
      ...["--cloud-watch-logs-role-arn", "arn:aws:iam::123456789012:role/CognitoLogs"],
    );
    const job = ["--user-pool-id", pool.id, "--job-id", made.JobId];
    await run("curl", ["--fail", "-T", file, "-H", "x-amz-server-side-encryption:aws:kms", made.PreSignedUrl]);
    await rm(dir, { recursive: true });
    await aws("start-user-import-job", ...job);
    let shown;
    do {
      ({ UserImportJob: shown } = await aws("describe-user-import-job", ...job));
    } while (["Pending", "InProgress"].includes(shown.Status));
    assert.deepEqual(
      [shown.Status, shown.ImportedUsers, shown.SkippedUsers, shown.FailedUsers, shown.CompletionMessage],
      ["Succeeded", 1, 1, 1, "Import Job Completed Successfully."],
    );
    const { UserImportJobs } = await aws("list-user-import-jobs", "--user-pool-id", pool.id, "--max-results", "10");
    assert.deepEqual(
      UserImportJobs.map(({ JobId }) => JobId),
      [made.JobId],
    );
    const ana = await aws("admin-get-user", "--user-pool-id", pool.id, "--username", "ana-imported");
    assert.equal(ana.UserStatus, "RESET_REQUIRED");
    assert.equal(ana.UserAttributes.find(({ Name }) => Name === "address").Value, "12 High Street, Springfield");
    await assert.rejects(aws("stop-user-import-job", ...job), (error) => {
      assert.match(error.stderr, /PreconditionNotMetException/);
      return true;
    });
  });

  test("shows the service's errors", async () => {
    await assert.rejects(aws("admin-get-user", "--user-pool-id", pool.id, "--username", "nobody"), (error) => {
      assert.match(error.stderr, /\(UserNotFoundException\) when calling the AdminGetUser operation: User does not exist\./);
      return true;
    });
  });
});
