// What a page does for passkeys, with nothing but the browser's own interfaces.

async function call(endpoint, operation, input) {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${body.__type}: ${body.message}`);
  return body;
}

async function register(endpoint, accessToken) {
  const { CredentialCreationOptions } = await call(endpoint, "StartWebAuthnRegistration", { AccessToken: accessToken });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(CredentialCreationOptions);
  const credential = await navigator.credentials.create({ publicKey });
  await call(endpoint, "CompleteWebAuthnRegistration", { AccessToken: accessToken, Credential: credential.toJSON() });
  return credential.id;
}

async function signIn(endpoint, clientId, username) {
  const asked = await call(endpoint, "InitiateAuth", {
    AuthFlow: "USER_AUTH",
    ClientId: clientId,
    AuthParameters: { USERNAME: username, PREFERRED_CHALLENGE: "WEB_AUTHN" },
  });
  const options = JSON.parse(asked.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey });
  const done = await call(endpoint, "RespondToAuthChallenge", {
    ChallengeName: asked.ChallengeName,
    ClientId: clientId,
    Session: asked.Session,
    ChallengeResponses: { USERNAME: username, CREDENTIAL: JSON.stringify(credential.toJSON()) },
  });
  return done.AuthenticationResult.AccessToken;
}
