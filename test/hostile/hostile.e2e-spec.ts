import { Logger } from '@nestjs/common';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { HealthStatus } from '../../src/common/grpc/generated/v1/common_pb.js';
import { watchProcess } from '../faults/watch-process.js';
import { Random } from '../support/random.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { attack } from './run.js';

const CASES = 800;
/** What is taken for a prompt begins a turn, and turns of one session wait for each other. */
const TIMEOUT_MS = 180_000;

describe('input that nobody expects', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { LOG_LEVEL: 'fatal', RATE_LIMIT_PER_MINUTE: '0', ACCESS_FAILURES_PER_MINUTE: '0' } });
  });

  // What is audited would fill the screen.
  beforeEach(() => void jest.spyOn(Logger.prototype, 'log').mockImplementation());

  afterAll(() => test.stop());

  it(
    'breaks nothing, and is answered as the fault of who sent it',
    async () => {
      const { seed } = new Random();
      const { id } = await test.grpc.call(SessionService.method.createSession, { title: 'hostile' });
      const strays: string[] = [];
      const stopWatching = watchProcess((what) => strays.push(what));
      const target = { http: new URL(test.httpUrl).host, grpc: test.grpcAddress, known: [id] };

      const { violations } = await attack(target, seed, CASES);

      stopWatching();
      const hint = `npm run test:hostile -- --seed ${seed} --cases ${CASES}`;
      expect({ hint, violations, strays }).toEqual({ hint, violations: [], strays: [] });
      expect((await test.rest.call(OpenCodeService.method.health, {})).status).toBe(HealthStatus.SERVING);
      expect((await test.grpc.call(OpenCodeService.method.health, {})).status).toBe(HealthStatus.SERVING);
    },
    TIMEOUT_MS,
  );
});
