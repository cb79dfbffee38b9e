// Kotlin | aws.sdk.kotlin:cognitoidentityprovider
val cognito = CognitoIdentityProviderClient {
    endpointUrl = Url.parse("{{.Endpoint}}")
    region = "{{.Region}}"
}
val answer = cognito.initiateAuth {
    authFlow = AuthFlowType.UserPasswordAuth
    clientId = "{{.ClientID}}"
    authParameters = mapOf("USERNAME" to "{{.Username}}", "PASSWORD" to "{{.Password}}")
}
println(answer.authenticationResult?.accessToken)
