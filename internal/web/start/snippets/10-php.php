<?php // PHP | composer require aws/aws-sdk-php
require 'vendor/autoload.php';

$cognito = new Aws\CognitoIdentityProvider\CognitoIdentityProviderClient([
    'endpoint' => '{{.Endpoint}}', 'region' => '{{.Region}}', 'credentials' => false,
]);
$answer = $cognito->initiateAuth([
    'AuthFlow' => 'USER_PASSWORD_AUTH',
    'ClientId' => '{{.ClientID}}',
    'AuthParameters' => ['USERNAME' => '{{.Username}}', 'PASSWORD' => '{{.Password}}'],
]);
echo $answer['AuthenticationResult']['AccessToken'], "\n";
