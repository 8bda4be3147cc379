import { readConfig, settings } from '../common/config/config.js';
import { linesOf } from './config-lines.js';

const SECRET = '7f3c9a01be52d846';

describe('linesOf', () => {
  it('tells defaults and what is set, a line each, and leaves out what is unset', () => {
    const lines = linesOf(
      readConfig({ GRPC_PORT: '9090', CORS_ORIGINS: 'https://a.example, https://b.example', OPENCODE_SYSTEM: 'one\ntwo' }),
    );

    expect(lines).toEqual(
      expect.arrayContaining([
        'HOST=127.0.0.1',
        'GRPC_PORT=9090',
        'GRPC_REFLECTION=true',
        'CORS_ORIGINS=https://a.example,https://b.example',
        'OPENCODE_SYSTEM=one\\ntwo',
      ]),
    );
    expect(lines.filter((line) => /^(ACCESS_TOKEN|PUBLIC_URL)=/.test(line))).toEqual([]);
    expect(lines.filter((line) => !/^[A-Z\d_]+=\S/.test(line))).toEqual([]);
  });

  it('tells which secrets are set, and none of them', () => {
    const secrets = ['ACCESS_TOKEN', 'A2A_BEARER_TOKEN', 'OPENCODE_SERVER_PASSWORD'];
    const lines = linesOf(
      readConfig({
        ...Object.fromEntries(secrets.map((name) => [name, SECRET])),
        A2A_STORE_URL: `redis://user:${SECRET}@redis.example:6379/1`,
      }),
    );

    expect(lines).toEqual(
      expect.arrayContaining([...secrets.map((name) => `${name}=***`), 'A2A_STORE_URL=redis://***@redis.example:6379/1']),
    );
    expect(lines.join('\n')).not.toContain(SECRET);
  });

  it('reads back as the settings that it tells', () => {
    const config = readConfig({ HTTP_PORT: '0', TRANSPORTS: 'http', OPENCODE_TIMEOUT: '1.5', ASK_DEFAULT: 'once', ASK_TIMEOUT_S: '0' });

    const environment = Object.fromEntries(linesOf(config).map((line) => line.split(/=(.*)/)));

    expect(Object.keys(environment).filter((name) => !(name in settings))).toEqual([]);
    expect(readConfig(environment as NodeJS.ProcessEnv)).toEqual(config);
  });
});
