import { startGateway, type Gateway } from '../../src/app.js';
import { readConfig } from '../../src/common/config/config.js';
import { findOpencode } from '../../src/common/opencode/opencode.binary.js';
import { Conversation } from '../support/conversation.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from '../support/opencode-environment.js';
import { TestProcess } from '../support/process.js';
import { RestDoor } from '../support/rest.door.js';
import { ScriptedModel } from '../support/scripted-model.js';

const PASSWORD = 'a-password-of-the-upstream';

describe('a remote OpenCode', () => {
  let model: ScriptedModel;
  let opencode: OpencodeEnvironment;
  let server: TestProcess;
  let baseUrl: string;

  beforeAll(async () => {
    model = await ScriptedModel.start();
    opencode = await createOpencodeEnvironment({ modelUrl: model.url });
    const environment = { PATH: process.env['PATH'], ...opencode.env, OPENCODE_SERVER_PASSWORD: PASSWORD };
    server = new TestProcess(
      findOpencode(undefined, process.env['PATH']),
      ['serve', '--hostname', '127.0.0.1', '--port', '0'],
      environment,
      opencode.workspace,
    );
    baseUrl = (await server.says(/listening on (\S+)/))[1] ?? '';
  });

  afterAll(async () => {
    server.kill('SIGKILL');
    await server.exited;
    await model.stop();
    await opencode.remove();
  });

  function start(settings: Record<string, string>): Promise<Gateway> {
    const environment = { GRPC_PORT: '0', HTTP_PORT: '0', LOG_LEVEL: 'fatal', OPENCODE_BASE_URL: baseUrl, ...settings };
    return startGateway(readConfig(environment), environment);
  }

  it('is used with its password, in its own directory', async () => {
    const gateway = await start({ OPENCODE_SERVER_PASSWORD: PASSWORD });
    const ready = await gateway.untilReady(10_000);
    const door = new RestDoor(gateway.httpUrl ?? '');
    const conversation = await Conversation.begin(door);

    const answer = await conversation.run([{ t: 'text', value: 'from afar' }]);

    expect(ready).toBe(true);
    expect(answer.textParts).toEqual(['from afar']);
    door.close();
    await gateway.stop();
  });

  it('that does not know our password stops the start with the name of the setting', async () => {
    await expect(start({ OPENCODE_SERVER_PASSWORD: 'another' })).rejects.toThrow(/^OPENCODE_SERVER_PASSWORD: /);
  });

  it('that is not there yet leaves the gateway unhealthy, and its calls UNAVAILABLE', async () => {
    const gateway = await start({ OPENCODE_BASE_URL: 'http://127.0.0.1:9', OPENCODE_WORKSPACE_ROOT: opencode.workspace });
    const health = await fetch(`${gateway.httpUrl}/health`);
    const sessions = await fetch(`${gateway.httpUrl}/sessions`);

    expect(await gateway.untilReady(100)).toBe(false);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: 'HEALTH_STATUS_NOT_SERVING' });
    expect(sessions.status).toBe(503);
    expect(sessions.headers.get('retry-after')).toBe('1');
    await gateway.stop();
  });
});
