import { Logger } from '@nestjs/common';
import { readConfig } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { EventHub } from '../event/event.hub.js';
import type { EventBody, GatewayEvent } from '../event/event.model.js';
import type { PermissionService } from '../permission/permission.service.js';
import type { Permission } from '../permission/permission.model.js';
import type { QuestionService } from '../question/question.service.js';
import type { AskPolicy, Session } from '../session/session.model.js';
import type { SessionService } from '../session/session.service.js';
import { AskService } from './ask.service.js';

const REJECT_IN_A_MINUTE: AskPolicy = { answer: 'reject', timeoutS: 60 };
const gone = GatewayError.notFound('permission', 'per_1');

function asked(id = 'per_1', sessionId = 'ses_1'): EventBody {
  return { type: 'permission_asked', permission: { id, sessionId } as Permission };
}

/** Sessions by id, each with its own policy and its parent. */
type Sessions = Record<string, { ask?: AskPolicy; parentId?: string }>;

function start(sessions: Sessions, environment: Record<string, string> = {}) {
  let tell: (event: GatewayEvent) => void = () => undefined;
  const stopListening = jest.fn();
  const hub = {
    listenAll: (next: (event: GatewayEvent) => void) => {
      tell = next;
      return stopListening;
    },
    pendingPermissions: () => ['per_1', 'per_2'].map((id) => ({ permission: { id, sessionId: 'ses_1' } })),
    pendingQuestions: () => [{ question: { id: 'que_1', sessionId: 'ses_2' } }],
  };
  const get = jest.fn((id: string) => {
    const session = sessions[id];
    return session === undefined ? Promise.reject(GatewayError.notFound('session', id)) : Promise.resolve(session as unknown as Session);
  });
  const answer = jest.fn<Promise<void>, Parameters<PermissionService['answer']>>(() => Promise.resolve());
  const reject = jest.fn<Promise<void>, Parameters<QuestionService['reject']>>(() => Promise.resolve());
  const service = new AskService(
    hub as unknown as EventHub,
    { get } as unknown as SessionService,
    { answer } as unknown as PermissionService,
    { reject } as unknown as QuestionService,
    readConfig(environment),
  );
  service.onModuleInit();
  const hear = async (body: EventBody, sessionId = 'ses_1'): Promise<void> => {
    tell({ directory: '/w', sessionId, eventId: '', sequence: undefined, ...body });
    await jest.advanceTimersByTimeAsync(0);
  };
  return { hear, answer, reject, get, service, stopListening };
}

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const repliesOf = ({ answer }: Pick<ReturnType<typeof start>, 'answer'>): string[] => answer.mock.calls.map(([{ reply }]) => reply);

beforeEach(() => {
  jest.useFakeTimers();
  jest.spyOn(Logger.prototype, 'warn').mockImplementation();
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('AskService', () => {
  it('leaves asks alone unless told otherwise', async () => {
    const { hear, answer } = start({ ses_1: {} });

    await hear(asked());
    await pass(86_400_000);

    expect(answer).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('answers when the time is over, and not before', async () => {
    const started = start({ ses_1: { ask: REJECT_IN_A_MINUTE } });
    await started.hear(asked());

    await pass(59_999);
    const before = repliesOf(started);
    await pass(1);

    expect([before, repliesOf(started)]).toEqual([[], ['reject']]);
    expect(started.answer).toHaveBeenCalledWith(
      { sessionId: 'ses_1', permissionId: 'per_1', reply: 'reject', message: undefined },
      'policy',
    );
  });

  it('rejects questions, whatever is given to permissions', async () => {
    const { hear, answer, reject } = start({ ses_1: { ask: { answer: 'once', timeoutS: 0 } } });

    await hear({ type: 'question_asked', question: { id: 'que_1', sessionId: 'ses_1', items: [] } });
    await pass(1);

    expect(reject.mock.calls).toEqual([['ses_1', 'que_1', 'policy']]);
    expect(answer).not.toHaveBeenCalled();
  });

  it.each<[string, Sessions, string[]]>([
    ['its own', { ses_1: { ask: { answer: 'once', timeoutS: 1 }, parentId: 'ses_0' }, ses_0: { ask: REJECT_IN_A_MINUTE } }, ['once']],
    ["its parent's", { ses_1: { parentId: 'ses_0' }, ses_0: { ask: { answer: 'once', timeoutS: 1 } } }, ['once']],
    ["the deployment's at the root", { ses_1: { parentId: 'ses_0' }, ses_0: {} }, ['reject']],
    ["the deployment's above a parent that is gone", { ses_1: { parentId: 'ses_0' } }, ['reject']],
    ["the deployment's where parents go in a circle", { ses_1: { parentId: 'ses_0' }, ses_0: { parentId: 'ses_1' } }, ['reject']],
    ['to wait', { ses_1: { ask: { answer: 'wait', timeoutS: 0 } } }, []],
  ])("goes by a session's nearest policy: %s", async (_, sessions, replies) => {
    const started = start(sessions, { ASK_DEFAULT: 'reject', ASK_TIMEOUT_S: '10' });

    await started.hear(asked());
    await pass(10_000);

    expect(repliesOf(started)).toEqual(replies);
  });

  it.each<[string, EventBody]>([
    ['it is answered', { type: 'permission_replied', permissionId: 'per_1', reply: 'once' }],
    ['its session is deleted', { type: 'session_deleted' }],
  ])('forgets an ask when %s', async (_, event) => {
    const { hear, answer } = start({ ses_1: { ask: REJECT_IN_A_MINUTE } });
    await hear(asked());

    await hear(event);

    expect(jest.getTimerCount()).toBe(0);
    await pass(60_000);
    expect(answer).not.toHaveBeenCalled();
  });

  it('forgets a question when it is closed', async () => {
    const { hear } = start({ ses_1: { ask: REJECT_IN_A_MINUTE } });
    await hear({ type: 'question_asked', question: { id: 'que_1', sessionId: 'ses_1', items: [] } });

    await hear({ type: 'question_closed', questionId: 'que_1', rejected: false });

    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not answer what was answered while it looked for the policy', async () => {
    const { hear, answer, get } = start({});
    const session = { ask: REJECT_IN_A_MINUTE } as Session;
    get.mockImplementationOnce(() => new Promise((resolve) => setTimeout(() => resolve(session), 100)));
    await hear(asked());

    await hear({ type: 'permission_replied', permissionId: 'per_1', reply: 'once' });
    await pass(86_400_000);

    expect(answer).not.toHaveBeenCalled();
  });

  it('lets the time run on when an ask is told again', async () => {
    const started = start({ ses_1: { ask: REJECT_IN_A_MINUTE } });
    await started.hear(asked());

    await pass(59_000);
    await started.hear(asked());
    await pass(1_000);

    expect(repliesOf(started)).toEqual(['reject']);
  });

  it('begins the time anew with a new policy, of the session or of one above it', async () => {
    const sessions: Sessions = { ses_1: { parentId: 'ses_0' }, ses_0: { ask: REJECT_IN_A_MINUTE } };
    const started = start(sessions);
    await started.hear(asked());
    await pass(59_000);

    sessions['ses_0'] = { ask: { answer: 'once', timeoutS: 60 } };
    await started.hear({ type: 'session_updated', session: {} as Session }, 'ses_0');
    await pass(59_999);
    const before = repliesOf(started);
    await pass(1);

    expect([before, repliesOf(started)]).toEqual([[], ['once']]);
  });

  it('goes on with the time when a session changes in other ways', async () => {
    const started = start({ ses_1: { ask: REJECT_IN_A_MINUTE } });
    await started.hear(asked());
    await pass(59_000);

    await started.hear({ type: 'session_updated', session: {} as Session });
    await pass(1_000);

    expect(repliesOf(started)).toEqual(['reject']);
  });

  it('waits for ever once a policy says so', async () => {
    const sessions: Sessions = { ses_1: { ask: REJECT_IN_A_MINUTE } };
    const { hear } = start(sessions);
    await hear(asked());

    sessions['ses_1'] = { ask: { answer: 'wait', timeoutS: 0 } };
    await hear({ type: 'session_updated', session: {} as Session });

    expect(jest.getTimerCount()).toBe(0);
  });

  it('takes it well when somebody else was first', async () => {
    const { hear, answer } = start({ ses_1: { ask: { answer: 'once', timeoutS: 0 } } });
    answer.mockRejectedValue(gone);

    await hear(asked());
    await pass(3_600_000);

    expect(answer).toHaveBeenCalledTimes(1);
    expect(Logger.prototype.warn).not.toHaveBeenCalled();
  });

  it.each(['answer', 'get'] as const)('tries again when OpenCode cannot be reached (%s)', async (call) => {
    const started = start({ ses_1: { ask: { answer: 'once', timeoutS: 0 } } });
    started[call].mockRejectedValueOnce(new GatewayError('UNAVAILABLE', 'away'));

    await started.hear(asked());
    await pass(10_000);

    expect(started[call]).toHaveBeenCalledTimes(2);
    expect(repliesOf(started).at(-1)).toBe('once');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('rejects all that is asked, in the name of an abort, though some be answered already', async () => {
    const started = start({});
    started.answer.mockRejectedValueOnce(gone);

    await started.service.rejectAll('ses_1');

    expect(started.answer.mock.calls.map(([{ permissionId, reply }, by]) => [permissionId, reply, by])).toEqual([
      ['per_1', 'reject', 'abort'],
      ['per_2', 'reject', 'abort'],
    ]);
    expect(started.reject.mock.calls).toEqual([['ses_2', 'que_1', 'abort']]);
  });

  it('leaves no timer and no listener behind', async () => {
    const { hear, service, stopListening } = start({ ses_1: { ask: REJECT_IN_A_MINUTE } });
    await hear(asked('per_1'));
    await hear(asked('per_2'));

    service.onModuleDestroy();

    expect(jest.getTimerCount()).toBe(0);
    expect(stopListening).toHaveBeenCalledTimes(1);
  });
});
