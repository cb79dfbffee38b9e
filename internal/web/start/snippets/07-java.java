// Java | software.amazon.awssdk:cognitoidentityprovider
var cognito = CognitoIdentityProviderClient.builder()
    .endpointOverride(URI.create("{{.Endpoint}}"))
    .region(Region.of("{{.Region}}"))
    .credentialsProvider(AnonymousCredentialsProvider.create())
    .build();
var answer = cognito.initiateAuth(r -> r
    .authFlow(AuthFlowType.USER_PASSWORD_AUTH)
    .clientId("{{.ClientID}}")
    .authParameters(Map.of("USERNAME", "{{.Username}}", "PASSWORD", "{{.Password}}")));
System.out.println(answer.authenticationResult().accessToken());
