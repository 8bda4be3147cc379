import { Agent, request } from 'node:http';
import { HostileWorkspace, hostilePath, SECRET } from '../support/hostile-workspace.js';
import { Random } from '../support/random.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const CALLS = 2_000;
const CALLERS = 8;
const MAX_URL_LENGTH = 15_000;

interface Answer {
  readonly sent: string;
  readonly status: number;
  readonly body: string;
}

describe('the files routes under hostile requests', () => {
  let test: TestGateway;
  let workspace: HostileWorkspace;
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });

  beforeAll(async () => {
    workspace = await HostileWorkspace.create();
    test = await startTestGateway({ settings: { OPENCODE_WORKSPACE_ROOT: workspace.root, MAX_FILE_BYTES: '1000', LOG_LEVEL: 'fatal' } });
  });

  afterAll(async () => {
    agent.destroy();
    await test.stop();
    await workspace.remove();
  });

  /** A path as it might come over the wire: encoded once, twice, in part or wrongly. */
  function encode(random: Random, path: string): string {
    const once = path.split('/').map((name) => encodeURIComponent(name.replaceAll(/\p{Surrogate}/gu, '?')));
    const variants = [once.join('/'), once.join('%2f'), encodeURIComponent(once.join('/')), once.join('/').replaceAll('.', '%2E')];
    return random.pick([...variants, `${once.join('/')}%ff`, `${once.join('/')}%`]);
  }

  function send(random: Random): Promise<Answer> {
    // What is longer than a request's head may be is refused before it comes to a route.
    const encoded = encode(random, hostilePath(random)).slice(0, MAX_URL_LENGTH);
    const path = `/files/${encoded}${random.pick(['', '', '?create_dirs=true', '?path=%2Fetc'])}`;
    const method = random.pick(['GET', 'GET', 'HEAD', 'PUT', 'DELETE']);
    const headers = {
      accept: random.pick(['*/*', 'text/plain', 'application/octet-stream']),
      ...(random.below(4) === 0 && { range: random.pick(['bytes=0-3', 'bytes=-1', 'bytes=9-', 'bytes=x', 'bytes=0-1,2-3']) }),
      ...(method === 'PUT' && { 'content-type': random.pick(['application/octet-stream', 'text/html', 'application/json', 'x']) }),
    };
    return new Promise((resolve, reject) => {
      const call = request(test.httpUrl + '/', { path, method, headers, agent }, (response) => {
        let body = '';
        response.setEncoding('latin1').on('data', (text: string) => (body += text));
        response.on('end', () => resolve({ sent: `${method} ${path}`, status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end(method === 'PUT' ? random.bytes(random.pick([0, 10, 1_001])) : undefined);
    });
  }

  it(`answer ${CALLS} of them, none with 5xx and none with anything from outside`, async () => {
    const random = new Random();
    const before = await workspace.outsideNow();
    const answers: Answer[] = [];
    workspace.startExchanging();
    const caller = async (): Promise<void> => {
      for (let made = 0; made < CALLS / CALLERS; made += 1) answers.push(await send(random));
    };

    await Promise.all(Array.from({ length: CALLERS }, caller));
    await workspace.stopExchanging();

    const wrong = answers.filter(({ status, body }) => status >= 500 || body.includes(SECRET) || body.includes(workspace.outside));
    expect({ seed: random.seed, wrong }).toEqual({ seed: random.seed, wrong: [] });
    expect({ seed: random.seed, outside: await workspace.outsideNow() }).toEqual({ seed: random.seed, outside: before });
    expect([...new Set(answers.map(({ status }) => status))]).toEqual(expect.arrayContaining([200, 400, 403, 404]));
  });
});
