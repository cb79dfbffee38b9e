// Runs the package oidc-provider with its own pages for development, where anybody
// signs in under any name. The settings are JSON in the first argument; a POST to
// /rotate gives it a new key and takes the old one away.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';

const { modules, issuer, port, redirect, secret } = JSON.parse(process.argv[2]);
const { default: Provider } = await import(pathToFileURL(createRequire(modules + '/').resolve('oidc-provider')).href);

async function start(kid) {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'shop', client_secret: secret, redirect_uris: [redirect], grant_types: ['authorization_code'],
      response_types: ['code'], token_endpoint_auth_method: 'client_secret_post',
    }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['of no interest'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    pkce: { required: () => false },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@work.example`.toLowerCase(), email_verified: true, name: `${id} Lucía`, groups: ['buyer', 'R & D'] }),
    }),
  });
  provider.proxy = true;
  return provider.callback();
}

let keys = 1;
let serve = await start('k1');
createServer(async (request, response) => {
  if (request.url !== '/rotate') return serve(request, response);
  serve = await start(`k${++keys}`);
  response.end();
}).listen(port, '127.0.0.1');
