import { allowsAnonymous, readConfig, settings, StartError } from './config.js';

const SECRET = '7f3c9a01be52d846';

function refusal(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('readConfig', () => {
  it('has a default for everything that is not optional', () => {
    expect(readConfig({})).toEqual({
      HOST: '127.0.0.1',
      ACCESS_ADOPT: 'none',
      ENABLE_SESSION_SHELL: false,
      GRPC_PORT: 8080,
      HTTP_PORT: 8081,
      TRANSPORTS: ['grpc', 'http', 'a2a'],
      OPENCODE_SERVER_USERNAME: 'opencode',
      OPENCODE_TIMEOUT: 120,
      OPENCODE_HANG_S: 60,
      OPENCODE_LOST_AFTER_S: 60,
      OPENCODE_DEBUG: false,
      A2A_ENABLE_SESSION_SHELL: false,
      ACCESS_ANONYMOUS: false,
      ACCESS_JWT_SCOPES_CLAIM: 'scope',
      GRPC_REFLECTION: true,
      METRICS_OPEN: false,
      METRICS_PRINCIPALS: false,
      LOG_FORMAT: 'auto',
      LOG_LEVEL: 'info',
      ACCESS_LOG: true,
      A2A_LOG_PAYLOADS: false,
      A2A_LOG_BODY_LIMIT: 0,
      DRAIN_DELAY_MS: 0,
      DRAIN_TIMEOUT_MS: 10_000,
      MAX_FILE_BYTES: 1_073_741_824,
      MAX_REQUEST_BYTES: 20_971_520,
      MAX_SMALL_REQUEST_BYTES: 262_144,
      MAX_HEADER_BYTES: 16_384,
      MAX_MESSAGE_BYTES: 4_194_304,
      MAX_MESSAGE_PARTS: 100,
      ASK_DEFAULT: 'wait',
      MAX_QUEUED_TURNS: 32,
      MAX_TURNS: 1_024,
      MAX_TURNS_PER_PRINCIPAL: 256,
      MAX_STREAMS: 5_000,
      MAX_STREAMS_PER_PRINCIPAL: 2_500,
      MAX_CALLS_IN_FLIGHT: 2_048,
      MAX_CONNECTIONS: 8_192,
      RATE_LIMIT_PER_MINUTE: 6_000,
      ACCESS_FAILURES_PER_MINUTE: 3_000,
      REQUEST_TIMEOUT_S: 60,
      HTTP_KEEPALIVE_S: 72,
      STREAM_QUEUE_MESSAGES: 16_384,
      STREAM_QUEUE_BYTES: 2_097_152,
      HEARTBEAT_S: 15,
      GRPC_KEEPALIVE_S: 30,
      GRPC_MAX_CONNECTION_IDLE_S: 300,
      GRPC_MAX_CONCURRENT_STREAMS: 200,
      GRPC_MAX_CONNECTION_AGE_S: 3_600,
      GRPC_MAX_CONNECTION_AGE_GRACE_S: 300,
      REPLAY_EVENTS: 512,
      REPLAY_BYTES: 524_288,
      RESUME_BYTES: 16_777_216,
      A2A_VERSIONS: ['0.3', '1.0'],
      A2A_TITLE: 'OpenCode A2A',
      A2A_DESCRIPTION: 'A2A wrapper service for OpenCode',
      A2A_PROTOCOL_VERSION: '0.3.0',
      A2A_MAX_REQUEST_BODY_BYTES: 1_048_576,
      A2A_ALLOW_DIRECTORY_OVERRIDE: true,
      A2A_SESSION_CACHE_TTL_SECONDS: 3_600,
      A2A_SESSION_CACHE_MAXSIZE: 10_000,
      A2A_CANCEL_ABORT_TIMEOUT_SECONDS: 2,
      A2A_DATA_PARTS: false,
      A2A_PUSH: true,
    });
  });

  it('describes every setting', () => {
    const undescribed = Object.entries(settings).filter(([, type]) => (type.description ?? '') === '');

    expect(undescribed).toEqual([]);
  });

  it('ignores variables that are not its own', () => {
    expect(readConfig({ PATH: '/bin', HOME: '/root' })).toEqual(readConfig({}));
  });

  it('takes an empty value for unset', () => {
    expect(readConfig({ HOST: '', GRPC_PORT: '', OPENCODE_BASE_URL: '', OPENCODE_DEBUG: '' })).toEqual(readConfig({}));
  });

  it('takes a blank for unset, not for 0', () => {
    expect(readConfig({ HTTP_PORT: ' ', DRAIN_TIMEOUT_MS: ' ' })).toEqual(readConfig({}));
  });

  it.each([
    ['GRPC_PORT', '0', 0],
    ['HTTP_PORT', '65535', 65_535],
    ['OPENCODE_TIMEOUT', '0.5', 0.5],
    ['OPENCODE_TIMEOUT_STREAM', '600', 600],
    ['OPENCODE_DEBUG', 'TRUE', true],
    ['OPENCODE_DEBUG', '1', true],
    ['ACCESS_ANONYMOUS', 'false', false],
    ['ACCESS_ANONYMOUS', '0', false],
    ['TRANSPORTS', 'http', ['http']],
    ['TRANSPORTS', ' grpc , http ', ['grpc', 'http']],
    ['OPENCODE_BASE_URL', 'http://opencode:4096', 'http://opencode:4096'],
    ['ACCESS_TOKEN', SECRET, SECRET],
    ['GRPC_REFLECTION', 'false', false],
    ['ACCESS_JWT_SCOPES_CLAIM', 'realm_access.roles', 'realm_access.roles'],
    ['METRICS_OPEN', '1', true],
    ['METRICS_PRINCIPALS', '1', true],
    ['MAX_QUEUED_TURNS', '0', 0],
    ['RATE_LIMIT_PER_MINUTE', '0', 0],
    ['HTTP_ALLOWED_HOSTS', 'gateway, gateway.namespace.svc', ['gateway', 'gateway.namespace.svc']],
    ['CORS_ORIGINS', 'https://a.example, http://localhost:3000', ['https://a.example', 'http://localhost:3000']],
    ['CORS_ORIGINS', 'vscode-webview://abc', ['vscode-webview://abc']],
  ] as const)('reads %s=%s', (name, text, value) => {
    expect(readConfig({ [name]: text })[name]).toEqual(value);
  });

  it.each([
    ['GRPC_PORT', 'http'],
    ['GRPC_PORT', '-1'],
    ['HTTP_PORT', '65536'],
    ['HTTP_PORT', '80.5'],
    ['TRANSPORTS', 'grpc,smtp'],
    ['TRANSPORTS', ','],
    ['TRANSPORTS', 'a2a'],
    ['HTTP_ALLOWED_HOSTS', 'http://gateway'],
    ['HTTP_ALLOWED_HOSTS', 'gateway:8081'],
    ['HTTP_ALLOWED_HOSTS', '*'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'app.example.org'],
    ['CORS_ORIGINS', 'https://app.example.org/'],
    ['CORS_ORIGINS', 'https://*.example.org'],
    ['CORS_ORIGINS', 'https://app.example.org:443'],
    ['CORS_ORIGINS', 'https://App.example.org'],
    ['OPENCODE_BASE_URL', 'opencode:4096'],
    ['OPENCODE_BASE_URL', 'ftp://opencode'],
    ['PUBLIC_URL', 'gateway.example'],
    ['OPENCODE_TIMEOUT', '0'],
    ['OPENCODE_TIMEOUT', 'soon'],
    ['OPENCODE_TIMEOUT_STREAM', '-5'],
    ['OPENCODE_DEBUG', 'maybe'],
    ['ACCESS_ANONYMOUS', 'yes'],
    ['ACCESS_TOKEN', 'short'],
    ['ACCESS_TOKEN', ''],
    ['ACCESS_TOKEN', 'changeme-changeme'],
    ['ACCESS_TOKEN', '0123456789abcdef'],
    ['A2A_BEARER_TOKEN', 'your-secret-token-here'],
    ['A2A_BEARER_TOKEN', SECRET.slice(1)],
    ['A2A_BEARER_TOKEN', ''],
    ['ACCESS_JWT_JWKS_URL', 'issuer.example/jwks.json'],
    ['ACCESS_JWT_JWKS_URL', 'http://issuer.example/jwks.json'],
    ['ACCESS_JWT_JWKS_URL', 'ftp://issuer.example/jwks.json'],
    ['GRPC_REFLECTION', 'maybe'],
    ['LOG_LEVEL', 'loud'],
    ['DRAIN_DELAY_MS', '-1'],
    ['LOG_FORMAT', 'xml'],
    ['DRAIN_TIMEOUT_MS', '-1'],
    ['DRAIN_TIMEOUT_MS', '1.5'],
    ['MAX_REQUEST_BYTES', '1023'],
    ['MAX_QUEUED_TURNS', 'many'],
    ['MAX_TURNS', '0'],
    ['MAX_STREAMS_PER_PRINCIPAL', '0'],
    ['MAX_SMALL_REQUEST_BYTES', '1'],
    ['MAX_HEADER_BYTES', '100'],
    ['RATE_LIMIT_PER_MINUTE', '-1'],
    ['REQUEST_TIMEOUT_S', '0.5'],
    ['ASK_DEFAULT', 'always'],
    ['ASK_TIMEOUT_S', '-1'],
    ['ASK_TIMEOUT_S', 'soon'],
    ['ASK_TIMEOUT_S', '2147484'],
    ['STREAM_QUEUE_MESSAGES', '15'],
    ['STREAM_QUEUE_BYTES', '1'],
    ['REPLAY_EVENTS', '-1'],
    ['REPLAY_BYTES', 'NaN'],
    ['RESUME_BYTES', '-1'],
  ])('refuses %s=%j by the name of the variable', (name, value) => {
    expect(refusal({ [name]: value })).toMatch(new RegExp(`^${name}: `));
  });

  it('names every variable that is wrong', () => {
    const message = refusal({ GRPC_PORT: 'x', LOG_LEVEL: 'loud', ACCESS_TOKEN: 'short' });

    expect(message.split('; ').map((part) => part.split(':')[0])).toEqual(
      expect.arrayContaining(['GRPC_PORT', 'LOG_LEVEL', 'ACCESS_TOKEN']),
    );
  });

  it('does not repeat a secret it refuses', () => {
    expect(refusal({ ACCESS_TOKEN: 'hunter2' })).not.toContain('hunter2');
  });

  it('refuses a model without its provider', () => {
    expect(refusal({ OPENCODE_MODEL_ID: 'opus' })).toMatch(/^OPENCODE_PROVIDER_ID: /);
  });

  it('takes a model with its provider', () => {
    const config = readConfig({ OPENCODE_MODEL_ID: 'opus', OPENCODE_PROVIDER_ID: 'anthropic' });

    expect(config).toMatchObject({ OPENCODE_MODEL_ID: 'opus', OPENCODE_PROVIDER_ID: 'anthropic' });
  });

  it.each([
    ['ASK_TIMEOUT_S', { ASK_DEFAULT: 'reject' }],
    ['ASK_TIMEOUT_S', { ASK_DEFAULT: 'once' }],
    ['ASK_DEFAULT', { ASK_TIMEOUT_S: '60' }],
    ['ASK_DEFAULT', { ASK_DEFAULT: 'wait', ASK_TIMEOUT_S: '0' }],
  ])('refuses half an ask policy, and names %s', (name, environment) => {
    expect(refusal(environment)).toMatch(new RegExp(`^${name}: [^;]*$`));
  });

  it('takes a whole ask policy', () => {
    expect(readConfig({ ASK_DEFAULT: 'reject', ASK_TIMEOUT_S: '0' })).toMatchObject({ ASK_DEFAULT: 'reject', ASK_TIMEOUT_S: 0 });
  });
});

describe('settings that belong together', () => {
  const jwt = {
    ACCESS_JWT_ISSUER: 'https://issuer.example',
    ACCESS_JWT_AUDIENCE: 'gateway',
    ACCESS_JWT_JWKS_URL: 'https://issuer.example/jwks.json',
  };

  it.each(['https://issuer.example/jwks.json', 'http://127.0.0.1:9000/jwks', 'http://[::1]/jwks', 'file:///etc/jwks.json'])(
    'are whole with the keys at %s',
    (url) => {
      expect(readConfig({ ...jwt, ACCESS_JWT_JWKS_URL: url })).toMatchObject({ ACCESS_JWT_JWKS_URL: url });
    },
  );

  it.each(Object.keys(jwt))('are refused without %s, by its name', (name) => {
    expect(refusal({ ...jwt, [name]: '' })).toMatch(new RegExp(`^${name}: must be set when ACCESS_JWT_[A-Z_]+ is$`));
  });

  it.each([
    ['TLS_KEY_FILE', { TLS_CERT_FILE: 'cert.pem' }],
    ['TLS_CERT_FILE', { TLS_KEY_FILE: 'key.pem' }],
    ['ACCESS_CERTIFICATES_FILE', { TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem', TLS_CLIENT_CA_FILE: 'ca.pem' }],
    ['TLS_CLIENT_CA_FILE', { TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem', ACCESS_CERTIFICATES_FILE: 'certificates.json' }],
    ['TLS_CERT_FILE', { TLS_CLIENT_CA_FILE: 'ca.pem', ACCESS_CERTIFICATES_FILE: 'certificates.json' }],
  ])('are refused without %s when the others of TLS are there', (name, environment) => {
    expect(refusal(environment)).toMatch(new RegExp(`^${name}: must be set when [A-Z_]+ is`));
  });

  it('are all named when only the mapping is there', () => {
    const message = refusal({ ACCESS_JWT_SCOPES_MAP: 'ops=admin' });

    expect(message.split('; ').map((part) => part.split(':')[0])).toEqual(Object.keys(jwt));
  });

  it('let nobody in who shows nothing', () => {
    const tls = { TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem' };
    expect(allowsAnonymous(readConfig(tls))).toBe(true);
    expect(allowsAnonymous(readConfig({ ...tls, TLS_CLIENT_CA_FILE: 'ca.pem', ACCESS_CERTIFICATES_FILE: 'certificates.json' }))).toBe(
      false,
    );
    expect(allowsAnonymous(readConfig(jwt))).toBe(false);
    expect(allowsAnonymous(readConfig({ ...jwt, HOST: '0.0.0.0', ACCESS_ANONYMOUS: 'true' }))).toBe(false);
  });
});

describe('allowsAnonymous', () => {
  it('lets everybody in on loopback', () => {
    expect(allowsAnonymous(readConfig({}))).toBe(true);
  });

  it.each(['ACCESS_TOKEN', 'A2A_BEARER_TOKEN'])('lets nobody in without a token once %s is set', (name) => {
    expect(allowsAnonymous(readConfig({ [name]: SECRET, ACCESS_ANONYMOUS: 'true' }))).toBe(false);
  });

  it('refuses to open a network address to everybody by accident', () => {
    expect(() => allowsAnonymous(readConfig({ HOST: '0.0.0.0' }))).toThrow(StartError);
  });

  it('opens a network address to everybody when the operator says so', () => {
    expect(allowsAnonymous(readConfig({ HOST: '0.0.0.0', ACCESS_ANONYMOUS: 'true' }))).toBe(true);
  });
});
