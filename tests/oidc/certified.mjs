// A certified OpenID Connect provider (npm's oidc-provider, where CI puts it) with its own sign-in forms: whoever says
// a name is that person. Prints its issuer, and runs until it is killed.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const { default: Provider } = await import(pathToFileURL('target/oidc/node_modules/oidc-provider/lib/index.js'));
const { ALGORITHM = 'RS256', METHOD = 'client_secret_basic', CLIENT_ID, CLIENT_SECRET } = process.env;

const jwk = (kind, options, more) => ({ ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...more });
const server = createServer().listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: ['http://127.0.0.1/login/oidc/callback/'],
      application_type: 'native', // any port of this machine
      id_token_signed_response_alg: ALGORITHM,
      token_endpoint_auth_method: METHOD,
    }],
    claims: { openid: ['sub'], profile: ['preferred_username', 'name'], email: ['email', 'email_verified'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: `${id}.of.it`, name: id.toUpperCase(), email: `${id}@example.org`, email_verified: true }),
    }),
    jwks: { keys: [jwk('rsa', { modulusLength: 2048 }, { kid: 'a' }), jwk('ec', { namedCurve: 'P-256' }, { kid: 'b' }), jwk('ed25519', {}, { kid: 'c', alg: 'EdDSA' })] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
    pkce: { required: () => true, methods: ['S256'] },
    cookies: { keys: ['of a test'] },
    features: { devInteractions: { enabled: true } },
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
