import { COMPILE_TIMEOUT_MS, compileGateway, startCompiledGateway, type CompiledGateway } from '../support/compiled-gateway.js';
import { OpencodeServer } from '../support/opencode-server.js';
import type { RemoteGateway } from '../support/remote-gateway.js';
import { moveStreams } from './moving-streams.js';

/** `npm run test:drain` moves a thousand. */
const STREAMS = 60;

describe('streams of a gateway that shuts down', () => {
  let opencode: OpencodeServer;
  let leaving: CompiledGateway;
  let staying: RemoteGateway;

  beforeAll(async () => {
    await compileGateway();
    opencode = await OpencodeServer.start();
    staying = await opencode.gateway();
    leaving = await startCompiledGateway({ OPENCODE_BASE_URL: opencode.url, OPENCODE_WORKSPACE_ROOT: opencode.environment.workspace });
  }, COMPILE_TIMEOUT_MS);

  afterAll(async () => {
    leaving.process.kill('SIGKILL');
    await staying.stop();
    await opencode.stop();
  });

  it('are all told where they can resume, and go on at another without a gap', async () => {
    const moved = await moveStreams(leaving, staying, STREAMS, () => leaving.process.kill('SIGTERM'));

    expect(moved).toMatchObject({ streams: STREAMS, told: STREAMS, resumed: STREAMS, whole: STREAMS });
    expect(await leaving.process.exited).toBe(0);
  }, 120_000);
});
