import { readConfig, StartError } from './config.js';

const TOKEN = '7f3c9a01be52d846';

describe('the settings of A2A', () => {
  it("start with nothing but opencode-a2a-server's own", () => {
    const config = readConfig({
      A2A_BEARER_TOKEN: TOKEN,
      OPENCODE_BASE_URL: 'http://127.0.0.1:4096',
      OPENCODE_WORKSPACE_ROOT: '/srv/workspace',
      A2A_HOST: '0.0.0.0',
      A2A_PORT: '8000',
      A2A_PUBLIC_URL: 'https://agents.example',
      A2A_LOG_LEVEL: 'ERROR',
    });

    expect(config).toMatchObject({ HOST: '0.0.0.0', HTTP_PORT: 8_000, PUBLIC_URL: 'https://agents.example', LOG_LEVEL: 'error' });
    expect(config.TRANSPORTS).toContain('a2a');
  });

  it.each([
    ['A2A_HOST', 'HOST', '0.0.0.0', '127.0.0.1'],
    ['A2A_PORT', 'HTTP_PORT', '8000', '8081'],
    ['A2A_PUBLIC_URL', 'PUBLIC_URL', 'https://a.example', 'https://b.example'],
  ])('refuse %s and %s when they contradict each other, and name both', (synonym, name, left, right) => {
    const read = (other: string) => () => readConfig({ [synonym]: left, [name]: other });

    expect(read(right)).toThrow(new StartError(`${synonym}: is the same as ${name}, which has another value; set one of them`));
    expect(read(left)).not.toThrow();
  });

  it('name a wrong synonym once, by its own name', () => {
    expect(() => readConfig({ A2A_PORT: 'http' })).toThrow(/^A2A_PORT: [^;]*$/);
  });

  it.each([
    ['debug', 'debug'],
    ['INFO', 'info'],
    ['Warning', 'warn'],
    ['CRITICAL', 'fatal'],
    ['loud', 'warn'],
    ['WARNINGS', 'warn'],
  ])('T20 A2A_LOG_LEVEL=%s logs at %s: what is no level is a warning', (level, effective) => {
    expect(readConfig({ A2A_LOG_LEVEL: level }).LOG_LEVEL).toBe(effective);
  });

  it('let LOG_LEVEL win over A2A_LOG_LEVEL', () => {
    expect(readConfig({ A2A_LOG_LEVEL: 'DEBUG', LOG_LEVEL: 'error' }).LOG_LEVEL).toBe('error');
  });

  it('T128 ignore variables that opencode-a2a-server no longer has', () => {
    const config = readConfig({ A2A_BEARER_TOKEN: TOKEN, OPENCODE_DIRECTORY: '/legacy/workspace', OPENCODE_A2A_TOKEN: 'x' });

    expect(config).toEqual(readConfig({ A2A_BEARER_TOKEN: TOKEN }));
    expect(config.OPENCODE_WORKSPACE_ROOT).toBeUndefined();
  });

  it.each(['-1', 'many', '1.5'])('T129 refuse a largest request of %s bytes', (bytes) => {
    expect(() => readConfig({ A2A_MAX_REQUEST_BODY_BYTES: bytes })).toThrow(/^A2A_MAX_REQUEST_BODY_BYTES: /);
  });

  it.each([
    ['A2A_MAX_REQUEST_BODY_BYTES', '0', 0],
    ['A2A_CANCEL_ABORT_TIMEOUT_SECONDS', '0.75', 0.75],
    ['A2A_CANCEL_ABORT_TIMEOUT_SECONDS', '0', 0],
    ['A2A_VERSIONS', '1.0', ['1.0']],
    ['A2A_VERSIONS', ' 1.0 , 0.3 ', ['1.0', '0.3']],
    ['A2A_PROTOCOL_VERSION', '0.3', '0.3'],
    ['A2A_ALLOW_DIRECTORY_OVERRIDE', 'False', false],
    ['A2A_STORE_URL', 'rediss://:secret@redis.example:6380/1', 'rediss://:secret@redis.example:6380/1'],
    ['A2A_STORE_URL', 'unix:///run/redis.sock', 'unix:///run/redis.sock'],
    ['A2A_PUSH_ALLOWED_HOSTS', 'hooks.internal, 10.0.0.0/8, ::1', ['hooks.internal', '10.0.0.0/8', '::1']],
    ['A2A_PUSH_ALLOWED_HOSTS', '*, *.example.org', ['*', '*.example.org']],
    ['TRANSPORTS', 'http,a2a', ['http', 'a2a']],
  ] as const)('read %s=%s', (name, text, value) => {
    expect(readConfig({ [name]: text })[name]).toEqual(value);
  });

  it.each([
    ['A2A_VERSIONS', '0.2'],
    ['A2A_VERSIONS', ','],
    ['A2A_PROTOCOL_VERSION', '1.0'],
    ['A2A_STORE_URL', 'http://redis'],
    ['A2A_STORE_URL', '/run/redis.sock'],
    ['A2A_PUSH_ALLOWED_HOSTS', 'https://hooks.internal'],
    ['A2A_PUSH_ALLOWED_HOSTS', '10.0.0.0/33'],
    ['A2A_PUSH_ALLOWED_HOSTS', 'a.*.example'],
    ['A2A_SESSION_CACHE_MAXSIZE', '0'],
    ['A2A_CANCEL_ABORT_TIMEOUT_SECONDS', '-1'],
    ['A2A_DOCUMENTATION_URL', 'docs'],
  ])('refuse %s=%s by the name of the variable', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^${name}: `));
  });
});
