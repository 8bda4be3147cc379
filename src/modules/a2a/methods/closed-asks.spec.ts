import { ANONYMOUS, type Principal } from '../../../common/access/principal.js';
import type { EventHub } from '../../event/event.hub.js';
import type { GatewayEvent } from '../../event/event.model.js';
import type { SessionOwners } from '../../session/session.owners.js';
import { ClosedAsks } from './closed-asks.js';

const MINUTE_MS = 60_000;
const BOB: Principal = { id: 'bob', scopes: new Set(['read']), expiresAtMs: undefined };

describe('ClosedAsks', () => {
  let tell: (event: GatewayEvent) => void;
  let asks: ClosedAsks;
  let now: number;

  beforeEach(() => {
    const hub = { listenAll: (next: typeof tell) => ((tell = next), () => undefined) };
    const owners = { shows: (viewer: Principal) => viewer === ANONYMOUS };
    asks = new ClosedAsks(hub as unknown as EventHub, owners as unknown as SessionOwners);
    asks.onModuleInit();
    now = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => now);
  });

  afterEach(() => jest.restoreAllMocks());

  const close = (id: string): void =>
    tell({
      type: 'permission_replied',
      permissionId: id,
      reply: 'once',
      sessionId: 'ses_1',
      directory: '/',
      eventId: '',
      sequence: undefined,
    });

  it('keeps what was closed for ten minutes', () => {
    close('per_1');

    now = 10 * MINUTE_MS - 1;
    expect(asks.has('per_1', ANONYMOUS)).toBe(true);
    now = 10 * MINUTE_MS;
    expect(asks.has('per_1', ANONYMOUS)).toBe(false);
    expect(asks.has('per_2', ANONYMOUS)).toBe(false);
  });

  it('tells it only to who may know of its session', () => {
    close('per_1');

    expect(asks.has('per_1', BOB)).toBe(false);
  });

  it('keeps no more than a fixed number of them', () => {
    for (let count = 0; count <= 10_000; count++) close(`per_${count}`);

    expect(asks.has('per_0', ANONYMOUS)).toBe(false);
    expect(asks.has('per_1', ANONYMOUS)).toBe(true);
  });
});
