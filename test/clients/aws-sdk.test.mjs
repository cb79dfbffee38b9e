// @aws-sdk/client-cognito-identity-provider: administration and a back end's own
// sign-in.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import {
  AddCustomAttributesCommand,
  AdminAddUserToGroupCommand,
  AdminConfirmSignUpCommand,
  AdminCreateUserCommand,
  AdminDeleteUserAttributesCommand,
  AdminDeleteUserCommand,
  AdminDisableUserCommand,
  AdminEnableUserCommand,
  AdminGetUserCommand,
  AdminInitiateAuthCommand,
  AdminListGroupsForUserCommand,
  AdminRemoveUserFromGroupCommand,
  AdminRespondToAuthChallengeCommand,
  AdminSetUserPasswordCommand,
  AdminUpdateUserAttributesCommand,
  AdminUserGlobalSignOutCommand,
  CreateGroupCommand,
  DeleteUserPoolClientCommand,
  DeleteUserPoolCommand,
  DescribeUserPoolClientCommand,
  DescribeUserPoolCommand,
  GetGroupCommand,
  GetTokensFromRefreshTokenCommand,
  GetUserCommand,
  GlobalSignOutCommand,
  InitiateAuthCommand,
  InvalidParameterException,
  ListTagsForResourceCommand,
  ListUsersCommand,
  ListUsersInGroupCommand,
  NotAuthorizedException,
  ResourceNotFoundException,
  RevokeTokenCommand,
  SignUpCommand,
  TagResourceCommand,
  UpdateUserPoolClientCommand,
  UpdateUserPoolCommand,
  UserNotFoundException,
  UsernameExistsException,
  paginateListUserPools,
  paginateListUsers,
} from "@aws-sdk/client-cognito-identity-provider";
import { admin, claims, createPool, newUser, nextCode, otherPassword, password, secretHash } from "./cognate.mjs";

let pool;

before(async () => {
  pool = await createPool();
});

const send = (Command, input) => admin.send(new Command(input));
const names = (attributes) => Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value]));

/** Makes a user with a permanent password. */
async function createUser(prefix, poolID = pool.id) {
  const { username, email } = newUser(prefix);
  const user = { UserPoolId: poolID, Username: username };
  await send(AdminCreateUserCommand, {
    ...user,
    MessageAction: "SUPPRESS",
    UserAttributes: [
      { Name: "email", Value: email },
      { Name: "email_verified", Value: "true" },
    ],
  });
  await send(AdminSetUserPasswordCommand, { ...user, Password: password, Permanent: true });
  return { ...user, email };
}

async function signIn(user, Password = password) {
  const { AuthenticationResult } = await send(InitiateAuthCommand, {
    ClientId: pool.clientId,
    AuthFlow: "USER_PASSWORD_AUTH",
    AuthParameters: { USERNAME: user.Username, PASSWORD: Password },
  });
  return AuthenticationResult;
}

describe("@aws-sdk/client-cognito-identity-provider", () => {
  test("makes, changes, tags, lists and deletes a pool", async () => {
    const mine = await createPool(admin, { PoolName: "sdk-pool", UserPoolTags: { stage: "test" } });
    const UserPoolId = mine.id;
    const { UserPool } = await send(DescribeUserPoolCommand, { UserPoolId });
    assert.equal(UserPool.Name, "sdk-pool");
    assert.ok(UserPool.CreationDate instanceof Date);
    assert.ok(Math.abs(UserPool.CreationDate - Date.now()) < 60_000);
    assert.deepEqual(UserPool.AutoVerifiedAttributes, ["email"]);
    assert.ok(UserPool.SchemaAttributes.some(({ Name }) => Name === "custom:favourite"));

    await send(UpdateUserPoolCommand, { UserPoolId, Policies: { PasswordPolicy: { MinimumLength: 12 } } });
    const changed = await send(DescribeUserPoolCommand, { UserPoolId });
    assert.equal(changed.UserPool.Policies.PasswordPolicy.MinimumLength, 12);

    await send(AddCustomAttributesCommand, {
      UserPoolId,
      CustomAttributes: [{ Name: "level", AttributeDataType: "Number", Mutable: true }],
    });
    const widened = await send(DescribeUserPoolCommand, { UserPoolId });
    assert.ok(widened.UserPool.SchemaAttributes.some(({ Name }) => Name === "custom:level"));

    await send(TagResourceCommand, { ResourceArn: mine.arn, Tags: { owner: "ana" } });
    const { Tags } = await send(ListTagsForResourceCommand, { ResourceArn: mine.arn });
    assert.equal(Tags.owner, "ana");

    const ids = [];
    for await (const page of paginateListUserPools({ client: admin, pageSize: 1 }, { MaxResults: 1 })) {
      ids.push(...page.UserPools.map(({ Id }) => Id));
    }
    assert.ok(ids.includes(UserPoolId) && ids.includes(pool.id));
    assert.equal(new Set(ids).size, ids.length);

    await send(DeleteUserPoolCommand, { UserPoolId });
    await assert.rejects(send(DescribeUserPoolCommand, { UserPoolId }), ResourceNotFoundException);
  });

  test("describes, changes and deletes a client", async () => {
    const mine = await createPool();
    const input = { UserPoolId: mine.id, ClientId: mine.clientId };
    await send(UpdateUserPoolClientCommand, { ...input, ClientName: "renamed", AccessTokenValidity: 2 });
    const { UserPoolClient } = await send(DescribeUserPoolClientCommand, input);
    assert.equal(UserPoolClient.ClientName, "renamed");
    assert.equal(UserPoolClient.AccessTokenValidity, 2);
    await send(DeleteUserPoolClientCommand, input);
    await assert.rejects(send(DescribeUserPoolClientCommand, input), ResourceNotFoundException);
  });

  test("administers a user", async () => {
    const { email, ...user } = await createUser("ana");
    await assert.rejects(send(AdminCreateUserCommand, user), UsernameExistsException);

    await send(AdminUpdateUserAttributesCommand, {
      ...user,
      UserAttributes: [
        { Name: "custom:favourite", Value: "tea" },
        { Name: "name", Value: "Ana Žáková" },
      ],
    });
    const found = await send(AdminGetUserCommand, user);
    assert.equal(found.UserStatus, "CONFIRMED");
    assert.equal(found.Enabled, true);
    assert.ok(found.UserCreateDate instanceof Date);
    const attributes = names(found.UserAttributes);
    assert.equal(attributes.email, email);
    assert.equal(attributes["custom:favourite"], "tea");
    assert.equal(attributes.name, "Ana Žáková");

    await send(AdminDeleteUserAttributesCommand, { ...user, UserAttributeNames: ["name"] });
    assert.equal(names((await send(AdminGetUserCommand, user)).UserAttributes).name, undefined);

    await send(AdminDisableUserCommand, user);
    await assert.rejects(signIn(user), (error) => {
      assert.ok(error instanceof NotAuthorizedException);
      assert.equal(error.message, "Incorrect username or password.");
      return true;
    });
    await send(AdminEnableUserCommand, user);
    await signIn(user);
    await send(AdminDeleteUserCommand, user);
    await assert.rejects(send(AdminGetUserCommand, user), UserNotFoundException);
  });

  test("puts users into groups, which their tokens name", async () => {
    const { UserPoolId, Username } = await createUser("bo");
    const group = { UserPoolId, GroupName: "editors" };
    await send(CreateGroupCommand, { ...group, Description: "May write", Precedence: 1 });
    assert.equal((await send(GetGroupCommand, group)).Group.Description, "May write");
    await send(AdminAddUserToGroupCommand, { ...group, Username });
    const { Groups } = await send(AdminListGroupsForUserCommand, { UserPoolId, Username });
    assert.deepEqual(Groups.map(({ GroupName }) => GroupName), ["editors"]);
    const members = await send(ListUsersInGroupCommand, group);
    assert.deepEqual(members.Users.map((user) => user.Username), [Username]);
    const tokens = await signIn({ Username });
    assert.deepEqual(claims(tokens.IdToken)["cognito:groups"], ["editors"]);
    assert.deepEqual(claims(tokens.AccessToken)["cognito:groups"], ["editors"]);
    await send(AdminRemoveUserFromGroupCommand, { ...group, Username });
    assert.equal(claims((await signIn({ Username })).IdToken)["cognito:groups"], undefined);
  });

  test("lists users by page and by filter", async () => {
    const mine = await createPool();
    const made = [];
    for (let i = 0; i < 5; i++) made.push(await createUser("carla", mine.id));
    const UserPoolId = mine.id;
    const listed = [];
    for await (const page of paginateListUsers({ client: admin, pageSize: 2 }, { UserPoolId })) {
      assert.ok(page.Users.length <= 2);
      listed.push(...page.Users.map(({ Username }) => Username));
    }
    assert.deepEqual(listed.sort(), made.map(({ Username }) => Username).sort());

    const byEmail = await send(ListUsersCommand, { UserPoolId, Filter: `email = "${made[3].email}"` });
    assert.deepEqual(byEmail.Users.map(({ Username }) => Username), [made[3].Username]);
    const byPrefix = await send(ListUsersCommand, { UserPoolId, Filter: 'username ^= "carla-"' });
    assert.equal(byPrefix.Users.length, 5);
    const some = await send(ListUsersCommand, { UserPoolId, AttributesToGet: ["email"], Limit: 1 });
    assert.deepEqual(some.Users[0].Attributes.map(({ Name }) => Name), ["email"]);
    await assert.rejects(send(ListUsersCommand, { UserPoolId, Filter: "email ~ x" }), InvalidParameterException);
  });

  test("signs up and in with a client that has a secret", async () => {
    const { username, email } = newUser("dan");
    const SecretHash = secretHash(pool, username);
    const ClientId = pool.secretClientId;
    const input = { ClientId, Username: username, Password: password, UserAttributes: [{ Name: "email", Value: email }] };
    await assert.rejects(send(SignUpCommand, input), NotAuthorizedException);
    const { UserConfirmed, UserSub } = await send(SignUpCommand, { ...input, SecretHash });
    assert.equal(UserConfirmed, false);
    await nextCode(pool, username);
    await send(AdminConfirmSignUpCommand, { UserPoolId: pool.id, Username: username });

    const AuthParameters = { USERNAME: username, PASSWORD: password };
    const auth = { ClientId, AuthFlow: "USER_PASSWORD_AUTH" };
    await assert.rejects(send(InitiateAuthCommand, { ...auth, AuthParameters }), NotAuthorizedException);
    const { AuthenticationResult: tokens } = await send(InitiateAuthCommand, {
      ...auth,
      AuthParameters: { ...AuthParameters, SECRET_HASH: SecretHash },
    });
    assert.equal(claims(tokens.IdToken).sub, UserSub);
    assert.equal(tokens.TokenType, "Bearer");
    assert.equal(tokens.ExpiresIn, 3600);

    const refreshed = await send(GetTokensFromRefreshTokenCommand, {
      ClientId,
      ClientSecret: pool.secret,
      RefreshToken: tokens.RefreshToken,
    });
    assert.equal(claims(refreshed.AuthenticationResult.AccessToken).sub, UserSub);
    await send(RevokeTokenCommand, { Token: tokens.RefreshToken, ClientId, ClientSecret: pool.secret });
    await assert.rejects(send(GetUserCommand, { AccessToken: tokens.AccessToken }), NotAuthorizedException);
  });

  test("answers an administrator's challenge", async () => {
    const { username } = newUser("eva");
    const user = { UserPoolId: pool.id, Username: username };
    await send(AdminCreateUserCommand, { ...user, TemporaryPassword: "Temporary-1", MessageAction: "SUPPRESS" });
    const { ChallengeName, Session } = await send(AdminInitiateAuthCommand, {
      UserPoolId: pool.id,
      ClientId: pool.clientId,
      AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME: username, PASSWORD: "Temporary-1" },
    });
    assert.equal(ChallengeName, "NEW_PASSWORD_REQUIRED");
    const { AuthenticationResult } = await send(AdminRespondToAuthChallengeCommand, {
      UserPoolId: pool.id,
      ClientId: pool.clientId,
      ChallengeName,
      Session,
      ChallengeResponses: { USERNAME: username, NEW_PASSWORD: otherPassword },
    });
    const me = await send(GetUserCommand, { AccessToken: AuthenticationResult.AccessToken });
    assert.equal(me.Username, username);
    assert.equal((await send(AdminGetUserCommand, user)).UserStatus, "CONFIRMED");
  });

  test("ends all sessions of a user", async () => {
    const user = await createUser("finn");
    const first = await signIn(user);
    await send(AdminUserGlobalSignOutCommand, { UserPoolId: user.UserPoolId, Username: user.Username });
    await assert.rejects(send(GetUserCommand, { AccessToken: first.AccessToken }), NotAuthorizedException);

    const second = await signIn(user);
    await send(GetUserCommand, { AccessToken: second.AccessToken });
    await send(GlobalSignOutCommand, { AccessToken: second.AccessToken });
    await assert.rejects(
      send(InitiateAuthCommand, {
        ClientId: pool.clientId,
        AuthFlow: "REFRESH_TOKEN_AUTH",
        AuthParameters: { REFRESH_TOKEN: second.RefreshToken },
      }),
      NotAuthorizedException,
    );
  });

  test("gets every constraint violation in one answer", async () => {
    await assert.rejects(send(AdminGetUserCommand, { UserPoolId: "no pool", Username: "x".repeat(129) }), (error) => {
      assert.ok(error instanceof InvalidParameterException);
      assert.match(error.message, /^2 validation errors detected: /);
      assert.equal(error.$metadata.httpStatusCode, 400);
      assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
  });
});
