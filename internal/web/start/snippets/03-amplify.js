// Amplify (browser) | npm install aws-amplify
// Redirects use https: run `cognate trust install` once.
import { Amplify } from "aws-amplify";
import { signIn, signInWithRedirect } from "aws-amplify/auth";

Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: "{{.UserPoolID}}",
      userPoolClientId: "{{.ClientID}}",
      userPoolEndpoint: "{{.Endpoint}}",
      loginWith: {
        oauth: {
          domain: "{{.DomainHost}}",
          scopes: ["openid", "email", "profile"],
          redirectSignIn: ["http://localhost:3000/"],
          redirectSignOut: ["http://localhost:3000/"],
          responseType: "code",
        },
      },
    },
  },
});

await signIn({ username: "{{.Username}}", password: "{{.Password}}" });
// or on the pages of the domain: await signInWithRedirect();
