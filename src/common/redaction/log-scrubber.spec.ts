import { LogScrubber } from './log-scrubber.js';

const SECRET = 'correct"horse\\battery';
const CONFIG = JSON.stringify({
  provider: { p: { options: { apiKey: 'key-of-the-provider', baseURL: 'http://bob:pass%20word1@host/v1', region: 'eu-central' } } },
  mcp: { m: { environment: { REGION: 'value-of-a-variable' }, headers: { 'x-a': 'value-of-a-header' } } },
});

describe('LogScrubber', () => {
  const scrubber = new LogScrubber({
    ACCESS_TOKEN: SECRET,
    ACCESS_TOKENS_FILE: '/etc/gateway/tokens.json',
    DEBUG_KEY: 'short',
    OPENCODE_CONFIG_CONTENT: CONFIG,
    HOME: '/home/someone',
    XDG_DATA_HOME: '/home/someone/data',
    TMPDIR: '/',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=value-of-a-tenant,authorization=Bearer%20value-of-a-collector',
  });

  it.each(['value-of-a-tenant', 'value-of-a-collector'])('knows %s, which a collector of traces is shown', (secret) => {
    expect(scrubber.scrub(`it is ${secret}.`)).toBe('it is [OTEL_EXPORTER_OTLP_HEADERS].');
  });

  it.each([
    ['as it is', SECRET],
    ['in JSON', JSON.stringify({ msg: SECRET })],
    ['in a URL', `?q=${encodeURIComponent(SECRET)}`],
    ['in base64', Buffer.from(SECRET).toString('base64')],
  ])('puts the name of a secret in its place, %s', (_, text) => {
    expect(scrubber.scrub(`a ${text} b`)).toContain('[ACCESS_TOKEN]');
    expect(scrubber.scrub(`a ${text} b`)).not.toContain('battery');
  });

  it.each(['key-of-the-provider', 'pass word1', 'value-of-a-variable', 'value-of-a-header'])(
    "knows %s, which OpenCode's configuration holds",
    (secret) => {
      expect(scrubber.scrub(`it is ${secret}.`)).toBe('it is [OPENCODE_CONFIG_CONTENT].');
    },
  );

  it.each([
    ['Bearer abcdefgh12345678', 'Bearer [redacted]'],
    ['basic YWxhZGRpbjpvcGVu', 'basic [redacted]'],
    ['http://bob:builder@host/x', 'http://[redacted]@host/x'],
    ['/x?access_token=abc&a=b', '/x?access_token=[redacted]&a=b'],
    ['{"msg":"{\\"apiKey\\":\\"abc\\"}"}', '{"msg":"{\\"apiKey\\":\\"[redacted]\\"}"}'],
    ['key sk-proj-0123456789abcdef.', 'key [redacted].'],
    ['eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl', '[redacted]'],
  ])('takes the secret out of %s', (text, expected) => {
    expect(scrubber.scrub(text)).toBe(expected);
  });

  it('tells places of the host by the variables that lead there, the longest first', () => {
    expect(scrubber.scrub('/home/someone/data/opencode and /home/someone/x')).toBe('$XDG_DATA_HOME/opencode and $HOME/x');
  });

  it.each(['/var/log', 'a short word', 'eu-central', '/etc/gateway/tokens.json', '{"tokens":5,"keys":["a"]}'])(
    'leaves %s as it is',
    (text) => {
      expect(scrubber.scrub(text)).toBe(text);
    },
  );

  it('has nothing to look for in an empty environment', () => {
    expect(new LogScrubber({}).scrub('some words')).toBe('some words');
  });
});
