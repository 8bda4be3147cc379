import {
  CONNECTED,
  type ConnectionRig,
  frame,
  pass,
  settle,
  SETTLE_MS,
  setUpRig,
  tearDownRig,
} from '../../../test/support/connection-rig.js';

let rig: ConnectionRig;

beforeEach(() => void (rig = setUpRig()));

afterEach(() => tearDownRig(rig));

describe('EventConnection reading frames', () => {
  it('gives frames in order, with their size', async () => {
    await rig.start();

    await rig.write(frame('a'), frame('b'));

    expect(rig.types).toEqual(['a', 'b']);
    expect(rig.sizes).toEqual([frame('a').length - 'data: \n\n'.length, frame('b').length - 'data: \n\n'.length]);
  });

  it('reads many frames from one chunk', async () => {
    await rig.start();

    await rig.write(Array.from({ length: 500 }, (_, index) => frame(`t${index}`)).join(''));

    expect(rig.types).toEqual(Array.from({ length: 500 }, (_, index) => `t${index}`));
  });

  it('reads the same wherever the bytes are cut', async () => {
    const bytes = Buffer.from(frame('a', { text: 'ü😀€' }) + frame('b'));
    await rig.start();

    for (let border = 1; border < bytes.length; border += 1) {
      rig.frames.length = 0;
      await rig.write(bytes.subarray(0, border), bytes.subarray(border));

      expect(rig.frames).toMatchObject([{ payload: { type: 'a', properties: { text: 'ü😀€' } } }, { payload: { type: 'b' } }]);
    }
  });

  it('reads a stream that comes byte by byte', async () => {
    const bytes = Buffer.from(frame('a', { text: 'ü😀€' }) + frame('b'));
    await rig.start();

    await rig.write(...[...bytes].map((byte) => Buffer.from([byte])));

    expect(rig.types).toEqual(['a', 'b']);
  });

  it('passes over comments and heartbeats without data', async () => {
    await rig.start();

    await rig.write(': comment\n\n', '\n', frame('a'));

    expect(rig.types).toEqual(['a']);
  });

  it.each(['{}', '{"payload":null}', '[]'])('drops the frame %s, which is no event, and goes on', async (data) => {
    await rig.start();

    await rig.write(`data: ${data}\n\n`, frame('a'));

    expect(rig.types).toEqual(['a']);
    expect(rig.bodies).toHaveLength(1);
  });

  it.each(['{"half":', 'null', '7', '"text"'])(
    'begins anew a stream with %s in it, and tells nothing of what came behind',
    async (data) => {
      await rig.start();

      await rig.write(frame('before'), `data: ${data}\n\n`, frame('behind'));
      await pass(250);

      expect(rig.types).toEqual(['before']);
      expect(rig).toMatchObject({ lostCount: 1, bodies: [{ destroyed: true }, { destroyed: false }] });
      expect(rig.warnings).toHaveLength(1);
    },
  );
});

describe('EventConnection with a listener that misses events', () => {
  it('begins anew, and tells nothing of what came behind', async () => {
    rig.onFrame = () => {
      throw new Error('events were lost');
    };
    await rig.start();

    await rig.write(frame('odd'), frame('behind'));
    await pass(250);

    expect(rig.types).toEqual(['odd']);
    expect(rig.bodies).toHaveLength(2);
  });
});

describe('EventConnection reconnecting', () => {
  it.each([
    ['is cut', () => rig.cut()],
    ['ends', async () => void rig.bodies.at(-1)?.end()],
  ])('comes back after a pause when the stream %s', async (_, breakIt) => {
    await rig.start();
    await breakIt();
    await settle();
    const atOnce = rig.bodies.length;

    await pass(250);
    await rig.write(CONNECTED, frame('after'));
    await pass(SETTLE_MS);

    expect(atOnce).toBe(1);
    expect(rig).toMatchObject({ lostCount: 1, connectedCount: 1, types: ['after'] });
  });

  it('starts a new stream with a clean parser', async () => {
    await rig.start();
    await rig.write('data: {"payload":{"type":"ha', Buffer.from([0xc3]));
    await rig.cut();
    await pass(250);

    await rig.write(frame('whole'));

    expect(rig.types).toEqual(['whole']);
    expect(rig.warnings).toHaveLength(1);
  });

  it('comes back when the state could not be read, and leaves the old stream', async () => {
    rig.onConnected = () => Promise.reject(new Error('resync failed'));
    await rig.start();
    await rig.write(CONNECTED);
    await pass(SETTLE_MS);

    await pass(250);

    expect(rig.bodies).toHaveLength(2);
    expect(rig.bodies[0]?.destroyed).toBe(true);
  });

  it('waits longer each time OpenCode cannot be reached, up to 5 s', async () => {
    const triedAtMs: number[] = [];
    const startedAtMs = Date.now();
    rig.open = () => {
      triedAtMs.push(Date.now() - startedAtMs);
      return Promise.reject(new Error('refused'));
    };
    await rig.start();

    for (let elapsedMs = 0; elapsedMs < 20_000; elapsedMs += 50) await pass(50);

    expect(triedAtMs).toEqual([0, 250, 750, 1_750, 3_750, 7_750, 12_750, 17_750]);
  });

  it('is quick again once it was connected', async () => {
    await rig.start();
    for (const pauseMs of [250, 500, 1_000]) {
      await rig.cut();
      await pass(pauseMs);
    }
    await rig.write(CONNECTED);
    await pass(SETTLE_MS);

    await rig.cut();
    await pass(250);

    expect(rig.bodies).toHaveLength(5);
  });

  it('does not come back after it was stopped', async () => {
    await rig.start();

    rig.connection.stop();
    await rig.cut();
    await pass(60_000);

    expect(rig.bodies).toHaveLength(1);
    expect(rig.warnings).toEqual([]);
  });
});
