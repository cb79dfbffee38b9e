// OpenID Connect (Node) | npm install openid-client
import * as client from "openid-client";

const config = await client.discovery(
  new URL("{{.Issuer}}"), "{{.ClientID}}", undefined, client.None(),
  { execute: [client.allowInsecureRequests] }, // plain http on this machine
);
const verifier = client.randomPKCECodeVerifier();
console.log(client.buildAuthorizationUrl(config, {
  redirect_uri: "http://localhost:3000/",
  scope: "openid email profile",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
}).href);
// After the redirect: await client.authorizationCodeGrant(config, currentUrl, { pkceCodeVerifier: verifier })
