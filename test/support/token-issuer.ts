import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';

export const AUDIENCE = 'opencode-gateway';

type Algorithm = 'ES256' | 'RS256';

interface Keys {
  readonly alg: Algorithm;
  readonly kid: string;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

async function makeKeys(alg: Algorithm, kid: string): Promise<Keys> {
  return { alg, kid, ...(await generateKeyPair(alg)) };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** Who issues JSON Web Tokens, and shows its public keys over HTTP. */
export class TokenIssuer {
  /** How often somebody asked for the keys. */
  requests = 0;
  /** What it does when it is asked. */
  mode: 'answers' | 'fails' | 'hangs' | 'talks nonsense' | 'redirects' = 'answers';

  private constructor(
    private readonly server: Server,
    private keys: Keys,
  ) {}

  static async start(alg: Algorithm = 'ES256'): Promise<TokenIssuer> {
    const server = createServer((_, response) => {
      issuer.requests += 1;
      if (issuer.mode === 'hangs') return;
      if (issuer.mode === 'fails') return void response.writeHead(503).end();
      if (issuer.mode === 'redirects') return void response.writeHead(302, { location: '/elsewhere' }).end();
      if (issuer.mode === 'talks nonsense') return void response.end('<html>');
      void issuer.jwks().then((jwks) => response.end(JSON.stringify(jwks)));
    });
    const issuer = new TokenIssuer(server, await makeKeys(alg, 'key-1'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get settings() {
    return { ACCESS_JWT_ISSUER: this.url, ACCESS_JWT_AUDIENCE: AUDIENCE, ACCESS_JWT_JWKS_URL: `${this.url}/jwks.json` };
  }

  async jwks() {
    return { keys: [{ ...(await exportJWK(this.keys.publicKey)), kid: this.keys.kid, alg: this.keys.alg, use: 'sig' }] };
  }

  /** From now on it signs with other keys, and shows these alone. */
  async rotate(): Promise<void> {
    this.keys = await makeKeys(this.keys.alg, `key-${Math.random()}`);
  }

  /** A good token for ten minutes, but for what is said otherwise. `undefined` leaves a claim out. */
  async sign(change: JWTPayload = {}, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return (
      new SignJWT(this.claims(change))
        // Even what a header must not want.
        .setProtectedHeader({ alg: this.keys.alg, kid: this.keys.kid, ...header })
        .sign(this.keys.privateKey, { crit: { exp: true } })
    );
  }

  /** `alg: none`, which some libraries once took. */
  unsigned(change: JWTPayload = {}): string {
    return `${encode({ alg: 'none', kid: this.keys.kid })}.${encode(this.claims(change))}.`;
  }

  /** Signed with what everybody knows, as if it were a shared secret. */
  async signedWithPublicKey(): Promise<string> {
    const signed = `${encode({ alg: 'HS256', kid: this.keys.kid })}.${encode(this.claims({}))}`;
    const secret = await exportSPKI(this.keys.publicKey);
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private claims(change: JWTPayload): JWTPayload {
    const now = Math.floor(Date.now() / 1_000);
    return { iss: this.url, aud: AUDIENCE, sub: 'ada', scope: 'read write', iat: now, nbf: now, exp: now + 600, ...change };
  }
}

/** The same token with other claims under the old signature. */
export function tampered(token: string, change: JWTPayload): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as JWTPayload;
  return `${header}.${encode({ ...claims, ...change })}.${signature}`;
}

/** Unix seconds from now, as tokens have them. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds;
}
