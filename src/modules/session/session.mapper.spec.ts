import { create } from '@bufbuild/protobuf';
import { CreateSessionRequestSchema, SessionState } from '../../common/grpc/generated/session_pb.js';
import type { UpstreamSession } from '../../common/opencode/opencode.types.js';
import {
  fromCreateSessionRequest,
  fromModelName,
  fromUpstreamSession,
  fromUpstreamStatus,
  toModelName,
  toSessionInfo,
  toSessionStatus,
  withGatewayMetadata,
} from './session.mapper.js';

const UPSTREAM: UpstreamSession = {
  id: 'ses_1',
  directory: '/workspace/project',
  title: 'T',
  version: '1.18.33',
  time: { created: 1, updated: 2 },
};

describe('withGatewayMetadata', () => {
  it('keeps the keys of others', () => {
    expect(withGatewayMetadata({ theirs: { a: 1 } }, { labels: { team: 'docs' } })).toEqual({
      theirs: { a: 1 },
      gateway: { labels: { team: 'docs' } },
    });
  });

  it('keeps our own keys that do not change', () => {
    const present = { gateway: { workspace: true, labels: { old: 'x' }, later: 1 } };

    expect(withGatewayMetadata(present, { labels: { team: 'docs' } })).toEqual({
      gateway: { workspace: true, labels: { team: 'docs' }, later: 1 },
    });
  });

  it('does not change what it was given', () => {
    const present = { gateway: { labels: { old: 'x' } } };

    withGatewayMetadata(present, { labels: {} });

    expect(present).toEqual({ gateway: { labels: { old: 'x' } } });
  });

  it.each([undefined, {}, { gateway: null }, { gateway: 'text' }])('makes our keys where there are none: %j', (present) => {
    expect(withGatewayMetadata(present, { workspace: true })).toEqual({ gateway: { workspace: true } });
  });
});

describe('fromUpstreamSession', () => {
  it('reads back what was written into the metadata', () => {
    const metadata = withGatewayMetadata({ theirs: 1 }, { labels: { team: 'docs' }, workspace: true });

    expect(fromUpstreamSession({ ...UPSTREAM, metadata })).toMatchObject({ labels: { team: 'docs' }, isWorkspaceSession: true });
  });

  it('does not mind what is absent', () => {
    expect(fromUpstreamSession(UPSTREAM)).toEqual({
      id: 'ses_1',
      title: 'T',
      directory: '/workspace/project',
      version: '1.18.33',
      parentId: undefined,
      projectId: undefined,
      agent: undefined,
      model: undefined,
      usage: { inputTokens: 0, outputTokens: 0, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, cost: 0 },
      changes: undefined,
      labels: {},
      ask: undefined,
      isWorkspaceSession: false,
      createdAtMs: 1,
      updatedAtMs: 2,
      archivedAtMs: undefined,
    });
  });

  it.each([
    [
      { answer: 'once', timeoutS: 5 },
      { answer: 'once', timeoutS: 5 },
    ],
    [null, undefined],
    ['once', undefined],
    [{ answer: 'always', timeoutS: 5 }, undefined],
    [{ answer: 'once' }, undefined],
    [{ answer: 'once', timeoutS: '5' }, undefined],
    [{ answer: 'once', timeoutS: 0.5 }, undefined],
    [{ answer: 'once', timeoutS: -1 }, undefined],
    [{ answer: 'once', timeoutS: 2_147_484 }, undefined],
  ])('takes %j in its metadata for the ask policy %j', (ask, policy) => {
    expect(fromUpstreamSession({ ...UPSTREAM, metadata: { gateway: { ask } } }).ask).toEqual(policy);
  });

  it('reads a session’s own spelling of its model', () => {
    expect(fromUpstreamSession({ ...UPSTREAM, model: { id: 'm', providerID: 'p' } }).model).toEqual({ providerId: 'p', modelId: 'm' });
  });

  it('does not let a field out that OpenCode adds tomorrow', () => {
    const tomorrow = { ...UPSTREAM, share: { url: 'https://secret' }, metadata: { theirs: 'secret' } };

    expect(JSON.stringify(fromUpstreamSession(tomorrow))).not.toContain('secret');
  });
});

describe('a model’s name', () => {
  it.each(['anthropic/opus', 'openrouter/meta/llama-3', 'p/a:b'])('is read and written the same: %s', (name) => {
    const model = fromModelName(name);

    expect(model && toModelName(model)).toBe(name);
  });

  it('belongs to the provider before its first slash', () => {
    expect(fromModelName('openrouter/meta/llama-3')).toEqual({ providerId: 'openrouter', modelId: 'meta/llama-3' });
  });

  it.each(['', 'opus', '/opus', 'anthropic/', '/'])('is none when half of it is missing: %j', (name) => {
    expect(fromModelName(name)).toBeUndefined();
  });
});

describe('toSessionInfo', () => {
  it('tells a session with all it has', () => {
    const session = fromUpstreamSession({
      ...UPSTREAM,
      parentID: 'ses_0',
      agent: 'build',
      model: { id: 'meta/llama', providerID: 'openrouter' },
      cost: 0.25,
      tokens: { input: 3, cache: { read: 4 } },
      summary: { additions: 5 },
      time: { created: 1, updated: 2, archived: 3 },
      metadata: withGatewayMetadata(undefined, { labels: { team: 'docs' } }),
    });

    expect(toSessionInfo(session)).toMatchObject({
      id: 'ses_1',
      parentId: 'ses_0',
      agent: 'build',
      model: 'openrouter/meta/llama',
      time: { created: 1n, updated: 2n, archived: 3n },
      usage: { inputTokens: 3n, cacheReadTokens: 4n, cost: 0.25 },
      summary: { additions: 5, deletions: 0, files: 0 },
      labels: { team: 'docs' },
    });
  });

  it('leaves absent what a session does not have', () => {
    const { parentId, agent, model, summary, time } = toSessionInfo(fromUpstreamSession(UPSTREAM));

    expect({ parentId, agent, model, summary, archived: time?.archived }).toEqual({});
  });
});

describe('a session’s status', () => {
  it.each([
    ['idle', SessionState.IDLE],
    ['busy', SessionState.BUSY],
  ] as const)('is told as %s', (type, state) => {
    expect(toSessionStatus('ses_1', fromUpstreamStatus({ type }))).toMatchObject({ sessionId: 'ses_1', state });
  });

  it('tells a retry without the provider’s words', () => {
    const status = fromUpstreamStatus({ type: 'retry', attempt: 2, message: 'INSERT INTO message', next: 9 });

    const told = toSessionStatus('ses_1', status);

    expect(told).toMatchObject({ state: SessionState.RETRY, attempt: 2, nextAttemptAt: 9n });
    expect(told.message).not.toContain('INSERT');
  });
});

describe('fromCreateSessionRequest', () => {
  it('reads what the caller wants', () => {
    const request = create(CreateSessionRequestSchema, { title: 'T', directory: 'a', model: 'p/m/x', labels: { team: 'docs' } });

    expect(fromCreateSessionRequest(request)).toEqual({
      title: 'T',
      directory: 'a',
      parentId: undefined,
      agent: undefined,
      model: { providerId: 'p', modelId: 'm/x' },
      labels: { team: 'docs' },
      requestId: '',
    });
  });
});
