import { readTranscript } from '../../../test/fixtures/transcripts/transcripts.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { OpencodePool, type OpencodeMember } from '../../common/opencode/opencode.pool.js';
import type { UpstreamMessage, UpstreamMessageWithParts, UpstreamPart, UpstreamStatus } from '../../common/opencode/opencode.types.js';
import type { GatewayEvent } from '../event/event.model.js';
import { Turn, type Conclusion } from './turn.js';
import { TurnReconciler } from './turn.reconciler.js';

/** OpenCode's records after the recorded frames. */
function historyOf(transcript: string): UpstreamMessageWithParts[] {
  const messages = new Map<string, UpstreamMessage>();
  const parts = new Map<string, UpstreamPart>();
  for (const { payload } of readTranscript(transcript)) {
    const properties = payload.properties as { readonly info: UpstreamMessage; readonly part: UpstreamPart };
    if (payload.type === 'message.updated') messages.set(properties.info.id, properties.info);
    if (payload.type === 'message.part.updated') parts.set(properties.part.id, properties.part);
  }
  const [prompt] = messages.values();
  return [...messages.values()]
    .filter(({ sessionID }) => sessionID === prompt?.sessionID)
    .map((info) => ({ info, parts: [...parts.values()].filter(({ messageID }) => messageID === info.id) }));
}

const IDLE: GatewayEvent = {
  type: 'session_status',
  status: { type: 'idle' },
  sessionId: '',
  directory: '',
  eventId: '',
  sequence: undefined,
};

class Records {
  statuses: Record<string, UpstreamStatus> = {};
  looks = 0;

  constructor(public messages: UpstreamMessageWithParts[]) {}

  get reconciler(): TurnReconciler {
    const client = {
      statuses: async () => {
        this.looks += 1;
        return this.statuses;
      },
      messages: async () => ({ messages: this.messages.slice(-10), nextCursor: undefined }),
      message: async (_: string, id: string) => {
        const found = this.messages.find(({ info }) => info.id === id);
        if (found === undefined) throw GatewayError.notFound('message', id);
        return found;
      },
    };
    return new TurnReconciler(new OpencodePool({ client } as unknown as OpencodeMember));
  }

  get turn(): Turn {
    const { id = '', sessionID = '' } = this.messages[0]?.info ?? {};
    const turn = new Turn({ id, sessionId: sessionID, directory: '/workspace/project', requestId: '', kind: 'prompt' }, () => undefined);
    turn.admit(Date.now());
    turn.handedAtMs = Date.now() - 20_000;
    return turn;
  }
}

/** Looks, and lets the pause before a second look pass. */
async function look(records: Records, turn = records.turn): Promise<Conclusion | undefined> {
  const found = records.reconciler.look(turn);
  await jest.advanceTimersByTimeAsync(1_000);
  return found;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('TurnReconciler', () => {
  it.each([
    ['01-plain-text', 'completed'],
    ['03-tool-permission-once', 'completed'],
    ['04-permission-reject', 'rejected'],
    ['05-abort-mid-stream', 'aborted'],
    ['06-provider-error', 'failed'],
    ['extra/external-directory-reject', 'rejected'],
    ['extra/permission-reject-with-message', 'completed'],
    ['extra/provider-error-401', 'failed'],
    ['extra/question-rejected', 'rejected'],
    ['extra/subagent-task', 'completed'],
  ])('finds in the records of %s that it %s', async (transcript, state) => {
    await expect(look(new Records(historyOf(transcript)))).resolves.toMatchObject({ verdict: { state } });
  });

  it('names the message that decides', async () => {
    const records = new Records(historyOf('03-tool-permission-once'));

    const found = await look(records);

    expect(found?.message?.id).toBe(records.messages.at(-1)?.info.id);
  });

  it('finds nothing while the session is busy', async () => {
    const records = new Records(historyOf('01-plain-text'));
    records.statuses = { [records.turn.sessionId]: { type: 'busy' } };

    await expect(look(records)).resolves.toBeUndefined();
  });

  it('finds nothing while the session is busy with it, though another gateway has put a prompt behind it', async () => {
    const [own, answer] = historyOf('01-plain-text');
    if (own === undefined || answer === undefined) throw new Error('the transcript has no answer');
    const unfinished = { info: { ...answer.info, time: { created: 1 }, finish: undefined } as UpstreamMessage, parts: [] };
    const next = { ...own, info: { ...own.info, id: 'msg_z' } };
    const records = new Records([own, unfinished, next]);
    records.statuses = { [records.turn.sessionId]: { type: 'busy' } };

    await expect(look(records)).resolves.toBeUndefined();

    records.messages.push({ ...unfinished, info: { ...unfinished.info, id: 'msg_zz' } });

    await expect(look(records)).resolves.toMatchObject({ verdict: { state: 'interrupted' } });
  });

  it('looks twice before it calls a turn interrupted', async () => {
    const records = new Records(historyOf('01-plain-text').slice(0, 1));

    const found = await look(records);

    expect(found?.verdict).toMatchObject({ state: 'interrupted', failure: { name: 'TurnNotStarted' } });
    expect(records.looks).toBe(2);
  });

  it('finds nothing when the turn went on between two looks', async () => {
    const records = new Records(historyOf('01-plain-text').slice(0, 1));
    const { turn } = records;
    const looking = records.reconciler.look(turn);

    await jest.advanceTimersByTimeAsync(500);
    records.statuses = { [turn.sessionId]: { type: 'busy' } };
    await jest.advanceTimersByTimeAsync(500);

    await expect(looking).resolves.toBeUndefined();
  });

  it('finds nothing when the turn ended between two looks', async () => {
    const records = new Records(historyOf('01-plain-text').slice(0, 1));
    const { turn } = records;
    const looking = records.reconciler.look(turn);

    turn.end({ state: 'completed', failure: undefined });
    await jest.advanceTimersByTimeAsync(1_000);

    await expect(looking).resolves.toBeUndefined();
  });

  it('calls a turn that left no answer aborted when an abort was asked for', async () => {
    const records = new Records(historyOf('01-plain-text').slice(0, 1));
    const { turn } = records;
    turn.requestAbort(Date.now() - 10_000);

    await expect(look(records, turn)).resolves.toMatchObject({ verdict: { state: 'aborted' }, message: undefined });
  });

  it('leaves an aborted turn alone that may still start, until OpenCode says that it does nothing', async () => {
    const records = new Records(historyOf('01-plain-text').slice(0, 1));
    const { turn } = records;
    turn.requestAbort(Date.now());

    const early = await look(records, turn);
    turn.observe({ ...IDLE, sessionId: turn.sessionId }, Date.now());
    const late = await look(records, turn);

    expect(early).toBeUndefined();
    expect(late).toMatchObject({ verdict: { state: 'aborted' } });
  });

  it('leaves an aborted turn alone that is on its way to OpenCode, whatever the session does', async () => {
    const records = new Records([]);
    const { turn } = records;
    turn.handedAtMs = undefined;
    turn.requestAbort(Date.now() - 10_000);

    turn.observe({ ...IDLE, sessionId: turn.sessionId }, Date.now());

    await expect(look(records, turn)).resolves.toBeUndefined();
  });

  it('calls a turn that left no answer failed when the session reported an error', async () => {
    const records = new Records(historyOf('01-plain-text').slice(0, 1));
    const { turn } = records;
    turn.lastFailure = { name: 'UnknownError', message: 'Agent not found' };

    await expect(look(records, turn)).resolves.toMatchObject({ verdict: { state: 'failed', failure: turn.lastFailure } });
  });

  it.each(['msg_000000000001', 'msg_fffffffff001'])('leaves answers to earlier prompts out of account, for %s', async (id) => {
    const records = new Records(historyOf('01-plain-text'));
    const { sessionId } = records.turn;
    const later = new Turn({ id, sessionId, directory: '/w', requestId: '', kind: 'prompt' }, () => undefined);
    later.admit(Date.now());
    records.messages.push({ info: { id, sessionID: sessionId, role: 'user', time: { created: Date.now() } }, parts: [] });

    await expect(look(records, later)).resolves.toMatchObject({ verdict: { failure: { name: 'TurnNotStarted' } } });
  });

  it('leaves all answers out of account while OpenCode has not got the prompt', async () => {
    const records = new Records(historyOf('01-plain-text'));
    const { sessionId } = records.turn;
    const later = new Turn({ id: 'msg_1', sessionId, directory: '/w', requestId: '', kind: 'prompt' }, () => undefined);
    later.admit(Date.now());

    await expect(look(records, later)).resolves.toMatchObject({ verdict: { failure: { name: 'TurnNotStarted' } } });
  });

  it('finds the answer of a turn that began further back than it reads', async () => {
    const records = new Records(historyOf('01-plain-text'));
    const { turn } = records;
    const [own, answer] = records.messages;
    if (own === undefined || answer === undefined) throw new Error('the transcript holds no turn');
    const steps = Array.from({ length: 12 }, (_, index) => ({ ...answer, info: { ...answer.info, id: `msg_0${index}` } }));
    records.messages = [own, ...steps];

    await expect(look(records, turn)).resolves.toMatchObject({ verdict: { state: 'completed' }, message: { id: 'msg_011' } });
  });
});
