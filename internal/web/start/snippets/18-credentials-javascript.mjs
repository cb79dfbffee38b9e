// AWS credentials of a user or a guest (JavaScript) | npm install @aws-sdk/client-cognito-identity-provider @aws-sdk/credential-providers @aws-sdk/client-sts
import { CognitoIdentityProvider } from "@aws-sdk/client-cognito-identity-provider";
import { STS } from "@aws-sdk/client-sts";
import { fromCognitoIdentityPool } from "@aws-sdk/credential-providers";

const here = { endpoint: "{{.Endpoint}}", region: "{{.Region}}" };
const { AuthenticationResult } = await new CognitoIdentityProvider(here).initiateAuth({
  AuthFlow: "USER_PASSWORD_AUTH",
  ClientId: "{{.ClientID}}",
  AuthParameters: { USERNAME: "{{.Username}}", PASSWORD: "{{.Password}}" },
});
const user = { "cognito-idp.{{.Region}}.amazonaws.com/{{.UserPoolID}}": AuthenticationResult.IdToken };
for (const logins of [user, undefined]) { // without logins: a guest
  const credentials = fromCognitoIdentityPool({ identityPoolId: "{{.IdentityPoolID}}", logins, clientConfig: here });
  console.log((await new STS({ ...here, credentials }).getCallerIdentity({})).Arn);
}
