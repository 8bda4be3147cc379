import { GatewayError } from '../../common/errors/gateway-error.js';
import { OpencodePool, type OpencodeMember } from '../../common/opencode/opencode.pool.js';
import type { UpstreamAssistantMessage, UpstreamMessageWithParts, UpstreamStatus } from '../../common/opencode/opencode.types.js';
import { TurnRecords } from './turn.records.js';

const PLACE = { sessionId: 'ses_1', directory: '/w' };
const KEY = 'msg_aaaaaaaaaaaa';
const ID = `${KEY}00000000000000`;

/** OpenCode's records, in its own order. */
class Records {
  statuses: Record<string, UpstreamStatus> = {};
  messages: UpstreamMessageWithParts[] = [];
  pages = 0;
  /** Happens right after a message was looked for in vain. */
  afterMiss: () => void = () => undefined;

  ask(id: string, created = 0): this {
    const info = { id, sessionID: 'ses_1', role: 'user', time: { created } } as const;
    this.messages.push({ info, parts: [] });
    return this;
  }

  answer(change: Partial<UpstreamAssistantMessage> = {}): this {
    const info = { id: `msg_${this.messages.length}`, sessionID: 'ses_1', role: 'assistant', time: { created: 1 }, ...change } as const;
    this.messages.push({ info, parts: [] });
    return this;
  }

  get records(): TurnRecords {
    const client = {
      statuses: async () => this.statuses,
      message: async (_: string, id: string) => {
        const found = this.messages.find(({ info }) => info.id === id);
        if (found === undefined) this.afterMiss();
        if (found === undefined) throw GatewayError.notFound('message', id);
        return found;
      },
      messages: async (_: string, limit: number, before?: string) => {
        this.pages += 1;
        const end = before === undefined ? this.messages.length : Number(before);
        const start = Math.max(end - limit, 0);
        return { messages: this.messages.slice(start, end), nextCursor: start > 0 ? String(start) : undefined };
      },
    };
    const clock = { nowMs: () => Date.now() };
    return new TurnRecords(new OpencodePool({ client, clock } as unknown as OpencodeMember));
  }
}

const STOPPED = { finish: 'stop', time: { created: 1, completed: 2 } };
const BUSY = { ses_1: { type: 'busy' } } as const;

/** Recalls, and lets the pauses between looks pass. */
async function recall(records: Records, id = ID) {
  const recalled = records.records.recall(PLACE, id);
  recalled.catch(() => undefined);
  await jest.advanceTimersByTimeAsync(10_000);
  return recalled;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('TurnRecords.recall', () => {
  it('finds a request that another gateway makes while it is looked for', async () => {
    const records = new Records();
    records.afterMiss = () => records.ask(ID).answer({ ...STOPPED, parentID: ID });

    await expect(recall(records)).resolves.toMatchObject({ type: 'ended', verdict: { state: 'completed' } });
  });

  it('knows nothing of a request that was not made', async () => {
    await expect(recall(new Records().ask('msg_1').answer(STOPPED))).resolves.toEqual({ type: 'unknown' });
  });

  it('refuses a key that was used with another body', async () => {
    const records = new Records().ask(`${KEY}11111111111111`).answer(STOPPED);

    await expect(recall(records)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', violations: [{ field: 'request_id' }] });
  });

  it.each<[string, Partial<UpstreamAssistantMessage>, string]>([
    ['completed', STOPPED, 'completed'],
    ['failed', { error: { name: 'APIError' } }, 'failed'],
    ['was aborted', { error: { name: 'MessageAbortedError' } }, 'aborted'],
    ['was left in the middle', {}, 'interrupted'],
  ])('tells the end of one that %s', async (_, change, state) => {
    const records = new Records().ask(ID).answer(change);

    await expect(recall(records)).resolves.toMatchObject({ type: 'ended', verdict: { state }, message: { id: 'msg_1' } });
  });

  it('tells the end of one behind which others were made, however busy the session is with them', async () => {
    const records = new Records().ask(ID).answer(STOPPED).ask('msg_z').answer();
    records.statuses = BUSY;

    await expect(recall(records)).resolves.toMatchObject({ type: 'ended', verdict: { state: 'completed' }, message: { id: 'msg_1' } });
  });

  it('knows that one still runs behind which another gateway has put a prompt', async () => {
    const records = new Records().ask(ID).answer().ask('msg_z');
    records.statuses = BUSY;

    await expect(recall(records)).resolves.toMatchObject({ type: 'running', turn: { own: { info: { id: ID } } } });

    records.answer();

    await expect(recall(records)).resolves.toMatchObject({ type: 'ended', verdict: { state: 'interrupted' } });
  });

  it('reads back as far as it takes', async () => {
    const records = new Records().ask(ID).answer(STOPPED);
    for (let turn = 0; turn < 150; turn += 1) records.ask(`msg_z${turn}`).answer({ error: { name: 'APIError' } });

    await expect(recall(records)).resolves.toMatchObject({ type: 'ended', message: { id: 'msg_1' } });
    expect(records.pages).toBe(4);
  });

  it('says that it is under way while the session is busy with it', async () => {
    const records = new Records().ask('msg_0').answer(STOPPED).ask(ID).answer();
    records.statuses = BUSY;

    await expect(recall(records)).resolves.toMatchObject({ type: 'running', turn: { own: { info: { id: ID } } } });
  });

  it('says that nothing answers it when nothing did for long enough', async () => {
    await expect(recall(new Records().ask(ID, Date.now()))).resolves.toEqual({ type: 'unanswered' });
  });

  it('waits for a run that is about to begin', async () => {
    const records = new Records().ask(ID, Date.now());
    const recalled = records.records.recall(PLACE, ID);

    await jest.advanceTimersByTimeAsync(1_500);
    records.statuses = BUSY;
    await jest.advanceTimersByTimeAsync(1_000);

    await expect(recalled).resolves.toMatchObject({ type: 'running' });
  });

  it('looks twice at what looks unfinished', async () => {
    const records = new Records().ask(ID).answer({ finish: 'tool-calls', time: { created: 1, completed: 2 } });
    const recalled = records.records.recall(PLACE, ID);

    await jest.advanceTimersByTimeAsync(500);
    records.answer(STOPPED);
    await jest.advanceTimersByTimeAsync(1_000);

    await expect(recalled).resolves.toMatchObject({ type: 'ended', verdict: { state: 'completed' } });
  });
});

describe('TurnRecords.findLast', () => {
  it('finds none in a session without any', async () => {
    await expect(new Records().records.findLast(PLACE)).resolves.toBeUndefined();
  });

  it('finds one that is over in an idle session', async () => {
    const records = new Records().ask('msg_0').answer(STOPPED).ask(ID).answer(STOPPED);

    await expect(records.records.findLast(PLACE)).resolves.toMatchObject({ turn: { own: { info: { id: ID } } }, isRunning: false });
  });

  it('finds the newest turn of a busy one, however many steps it has', async () => {
    const records = new Records().ask('msg_0').answer(STOPPED).ask(ID);
    for (let step = 0; step < 30; step += 1) records.answer({ finish: 'tool-calls' });
    records.statuses = BUSY;

    await expect(records.records.findLast(PLACE)).resolves.toMatchObject({ turn: { own: { info: { id: ID } } }, isRunning: true });
  });
});
