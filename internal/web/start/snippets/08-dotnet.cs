// .NET | dotnet add package AWSSDK.CognitoIdentityProvider
using Amazon.CognitoIdentityProvider;
using Amazon.CognitoIdentityProvider.Model;
using Amazon.Runtime;

var cognito = new AmazonCognitoIdentityProviderClient(new AnonymousAWSCredentials(),
    new AmazonCognitoIdentityProviderConfig { ServiceURL = "{{.Endpoint}}", AuthenticationRegion = "{{.Region}}" });
var answer = await cognito.InitiateAuthAsync(new InitiateAuthRequest
{
    AuthFlow = AuthFlowType.USER_PASSWORD_AUTH,
    ClientId = "{{.ClientID}}",
    AuthParameters = new() { ["USERNAME"] = "{{.Username}}", ["PASSWORD"] = "{{.Password}}" },
});
Console.WriteLine(answer.AuthenticationResult.AccessToken);
