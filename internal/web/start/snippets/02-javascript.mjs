// JavaScript (SDK) | npm install @aws-sdk/client-cognito-identity-provider
import { CognitoIdentityProvider } from "@aws-sdk/client-cognito-identity-provider";

const cognito = new CognitoIdentityProvider({ endpoint: "{{.Endpoint}}", region: "{{.Region}}" });
const answer = await cognito.initiateAuth({
  AuthFlow: "USER_PASSWORD_AUTH",
  ClientId: "{{.ClientID}}",
  AuthParameters: { USERNAME: "{{.Username}}", PASSWORD: "{{.Password}}" },
});
console.log(answer.AuthenticationResult.AccessToken);
