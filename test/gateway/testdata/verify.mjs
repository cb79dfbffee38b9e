// Checks x-amzn-oidc-data with the library that AWS gives to applications behind a
// load balancer. The settings are JSON in the first argument; what was checked is
// printed as JSON, or why it was not.
import { createRequire } from 'node:module';

const { modules, token, keys, arn, issuer, client } = JSON.parse(process.argv[2]);
const { AlbJwtVerifier } = createRequire(modules + '/')('aws-jwt-verify');
const verifier = AlbJwtVerifier.create({ albArn: arn, issuer, clientId: client, jwksUri: keys });
try {
  console.log(JSON.stringify({ claims: await verifier.verify(token) }));
} catch (error) {
  console.log(JSON.stringify({ error: error.constructor.name }));
}
