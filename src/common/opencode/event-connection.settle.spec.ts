import { GatewayError } from '../errors/gateway-error.js';
import {
  CONNECTED,
  type ConnectionRig,
  frame,
  MARK_AGAIN_MS,
  marked,
  pass,
  SETTLE_MS,
  setUpRig,
  tearDownRig,
} from '../../../test/support/connection-rig.js';

let rig: ConnectionRig;

beforeEach(() => void (rig = setUpRig()));

afterEach(() => tearDownRig(rig));

describe('EventConnection settling', () => {
  it('is connected a while after OpenCode says so where it publishes no mark', async () => {
    await rig.start();
    await rig.write(CONNECTED);

    await pass(SETTLE_MS - 1);
    const before = rig.connectedCount;
    await pass(1);

    expect([before, rig.connectedCount]).toEqual([0, 1]);
  });

  it('is connected as soon as a mark comes back, which it publishes until then and tells nobody of', async () => {
    rig.publishMark = () => Promise.resolve();
    await rig.start();
    await rig.write(CONNECTED);
    for (let elapsedMs = 0; elapsedMs < 10 * SETTLE_MS; elapsedMs += MARK_AGAIN_MS) await pass(MARK_AGAIN_MS);
    const before = rig.connectedCount;

    await rig.write(marked(rig.marks[0] ?? ''), frame('a'));

    expect([before, rig.connectedCount]).toEqual([0, 1]);
    expect(rig.marks.length).toBeGreaterThan(10);
    expect(new Set(rig.marks).size).toBe(1);
    expect(rig.types).toEqual(['a']);
  });

  it('is not connected by the mark of another gateway', async () => {
    rig.publishMark = () => Promise.resolve();
    await rig.start();

    await rig.write(CONNECTED, marked('another'));
    await pass(SETTLE_MS);

    expect(rig.connectedCount).toBe(0);
  });

  it('publishes a mark again that was not answered in time', async () => {
    const late = new GatewayError('DEADLINE_EXCEEDED', 'too late', { reason: 'OPENCODE_TIMEOUT' });
    rig.publishMark = () => (rig.marks.length === 1 ? Promise.reject(late) : Promise.resolve());
    await rig.start();
    await rig.write(CONNECTED);
    await pass(MARK_AGAIN_MS);

    await rig.write(marked(rig.marks[1] ?? ''));

    expect(rig).toMatchObject({ connectedCount: 1, lostCount: 0 });
  });

  it('begins anew when OpenCode goes away while it settles', async () => {
    rig.publishMark = () => Promise.reject(new GatewayError('UNAVAILABLE', 'gone', { reason: 'OPENCODE_UNREACHABLE' }));
    await rig.start();

    await rig.write(CONNECTED);
    await pass(250);

    expect(rig.bodies).toHaveLength(2);
    expect(rig.connectedCount).toBe(0);
  });

  it('does not pass on that OpenCode says so', async () => {
    await rig.start();

    await rig.write(CONNECTED, frame('a'));

    expect(rig.types).toEqual(['a']);
  });

  it('passes frames on while it settles', async () => {
    await rig.start();

    await rig.write(CONNECTED, frame('a'));

    expect([rig.types.length, rig.connectedCount]).toEqual([1, 0]);
  });

  it('is not connected when the stream is cut while it settles', async () => {
    await rig.start();
    await rig.write(CONNECTED);

    await rig.cut();
    await pass(SETTLE_MS);

    expect(rig.connectedCount).toBe(0);
  });
});
