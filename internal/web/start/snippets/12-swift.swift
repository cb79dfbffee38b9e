// Swift | package https://github.com/awslabs/aws-sdk-swift, product AWSCognitoIdentityProvider
import AWSCognitoIdentityProvider

let config = try await CognitoIdentityProviderClient.CognitoIdentityProviderClientConfiguration(
    region: "{{.Region}}", endpoint: "{{.Endpoint}}")
let answer = try await CognitoIdentityProviderClient(config: config).initiateAuth(input: .init(
    authFlow: .userPasswordAuth,
    authParameters: ["USERNAME": "{{.Username}}", "PASSWORD": "{{.Password}}"],
    clientId: "{{.ClientID}}"))
print(answer.authenticationResult?.accessToken ?? "")
