import { create } from '@bufbuild/protobuf';
import {
  AskPolicy as AskPolicyEnum,
  SearchSessionsResponseSchema,
  SessionInfoSchema,
  SessionListSchema,
  SessionState,
  SessionStatusListSchema,
  SessionStatusSchema,
  TodoListSchema,
  TodoSchema,
  type CreateSessionRequest,
  type SearchSessionsResponse,
  type SessionInfo,
  type SessionList,
  type SessionStatus as SessionStatusMessage,
  type SessionStatusList,
  type Todo as TodoMessage,
  type TodoList,
  type UpdateSessionRequest,
} from '../../common/grpc/generated/session_pb.js';
import type { UpstreamSession, UpstreamStatus, UpstreamTodo, UpstreamTokens } from '../../common/opencode/opencode.types.js';
import {
  ASK_ANSWERS,
  MAX_ASK_TIMEOUT_S,
  type AskAnswer,
  type AskPolicy,
  type ModelRef,
  type NewSession,
  type RequestMark,
  type Session,
  type SessionChange,
  type SessionPage,
  type SessionStatus,
  type SessionUsage,
  type Todo,
} from './session.model.js';

/** Our own keys in a session's metadata; everything else there belongs to others. */
const METADATA_KEY = 'gateway';

interface GatewayMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly workspace?: boolean;
  /** `provider/model` */
  readonly model?: string;
  /** `null` is none, as absence is. */
  readonly ask?: AskPolicy | null;
  /** Id of a principal. */
  readonly owner?: string | undefined;
  /** What an A2A caller named the conversation. */
  readonly context?: string | undefined;
  /** Of the request that made the session. */
  readonly request?: RequestMark | undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function readMetadata(metadata: UpstreamSession['metadata']): GatewayMetadata {
  const own = metadata?.[METADATA_KEY];
  return isRecord(own) ? own : {};
}

/** The metadata with our keys changed and everybody else's kept: OpenCode replaces the whole map. */
export function withGatewayMetadata(metadata: UpstreamSession['metadata'], change: GatewayMetadata): Readonly<Record<string, unknown>> {
  return { ...metadata, [METADATA_KEY]: { ...readMetadata(metadata), ...change } };
}

/** Others write metadata too: a policy that is none of ours is no policy. */
function readAskPolicy(ask: unknown): AskPolicy | undefined {
  if (!isRecord(ask)) return undefined;
  const { timeoutS } = ask;
  const answer = ASK_ANSWERS.find((known) => known === ask['answer']);
  if (answer === undefined || typeof timeoutS !== 'number' || !Number.isInteger(timeoutS)) return undefined;
  return timeoutS >= 0 && timeoutS <= MAX_ASK_TIMEOUT_S ? { answer, timeoutS } : undefined;
}

export function toRequestMark(metadata: UpstreamSession['metadata']): RequestMark | undefined {
  return readMetadata(metadata).request;
}

function fromTokens(tokens: UpstreamTokens | undefined, cost: number | undefined): SessionUsage {
  return {
    inputTokens: tokens?.input ?? 0,
    outputTokens: tokens?.output ?? 0,
    reasoningTokens: tokens?.reasoning ?? 0,
    cacheReadTokens: tokens?.cache?.read ?? 0,
    cacheWriteTokens: tokens?.cache?.write ?? 0,
    cost: cost ?? 0,
  };
}

export function fromUpstreamSession(session: UpstreamSession): Session {
  const { labels = {}, workspace = false, model, ask, owner, context } = readMetadata(session.metadata);
  const chosenModel = model === undefined ? undefined : fromModelName(model);
  const used = session.model && { providerId: session.model.providerID, modelId: session.model.id };
  const { summary } = session;
  return {
    id: session.id,
    title: session.title,
    directory: session.directory,
    version: session.version,
    parentId: session.parentID,
    projectId: session.projectID,
    agent: session.agent,
    model: chosenModel ?? used,
    chosenModel,
    usage: fromTokens(session.tokens, session.cost),
    changes: summary && { additions: summary.additions ?? 0, deletions: summary.deletions ?? 0, files: summary.files ?? 0 },
    labels,
    revertedMessageId: session.revert?.messageID,
    ask: readAskPolicy(ask),
    isWorkspaceSession: workspace,
    ownerId: typeof owner === 'string' ? owner : undefined,
    contextId: typeof context === 'string' ? context : undefined,
    createdAtMs: session.time.created,
    updatedAtMs: session.time.updated,
    archivedAtMs: session.time.archived,
  };
}

/** The retry message is left out: it is the provider's raw text and was once a whole SQL statement with prompts in it. */
export function fromUpstreamStatus(status: UpstreamStatus): SessionStatus {
  if (status.type !== 'retry') return { type: status.type === 'idle' ? 'idle' : 'busy' };
  return { type: 'retry', attempt: status.attempt, message: 'The provider failed; OpenCode tries again', nextAttemptAtMs: status.next };
}

/** `provider/model`, as OpenCode's own configuration writes it. */
export function toModelName(model: ModelRef): string {
  return `${model.providerId}/${model.modelId}`;
}

/** The reverse: the model's own id may contain slashes, the provider's never. Undefined when it has no provider. */
export function fromModelName(name: string): ModelRef | undefined {
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1) return undefined;
  return { providerId: name.slice(0, slash), modelId: name.slice(slash + 1) };
}

export function toSessionInfo(session: Session): SessionInfo {
  const { usage, changes } = session;
  return create(SessionInfoSchema, {
    id: session.id,
    title: session.title,
    directory: session.directory,
    version: session.version,
    time: {
      created: BigInt(session.createdAtMs),
      updated: BigInt(session.updatedAtMs),
      ...(session.archivedAtMs !== undefined && { archived: BigInt(session.archivedAtMs) }),
    },
    ...(session.parentId !== undefined && { parentId: session.parentId }),
    ...(session.projectId !== undefined && { projectId: session.projectId }),
    ...(session.agent !== undefined && { agent: session.agent }),
    ...(session.model !== undefined && { model: toModelName(session.model) }),
    usage: {
      inputTokens: BigInt(usage.inputTokens),
      outputTokens: BigInt(usage.outputTokens),
      reasoningTokens: BigInt(usage.reasoningTokens),
      cacheReadTokens: BigInt(usage.cacheReadTokens),
      cacheWriteTokens: BigInt(usage.cacheWriteTokens),
      cost: usage.cost,
    },
    ...(changes !== undefined && { summary: changes }),
    ...(session.revertedMessageId !== undefined && { revertedMessageId: session.revertedMessageId }),
    labels: { ...session.labels },
    ...(session.ownerId !== undefined && { owner: session.ownerId }),
    ...(session.ask !== undefined && { ask: ASK_POLICIES[session.ask.answer], askTimeoutS: session.ask.timeoutS }),
  });
}

const ASK_POLICIES: Readonly<Record<AskAnswer, AskPolicyEnum>> = {
  wait: AskPolicyEnum.WAIT,
  reject: AskPolicyEnum.REJECT,
  once: AskPolicyEnum.ONCE,
};

function fromAskPolicy({ ask, askTimeoutS = 0 }: Pick<UpdateSessionRequest, 'ask' | 'askTimeoutS'>): AskPolicy | undefined {
  const answer = ASK_ANSWERS.find((known) => ASK_POLICIES[known] === ask);
  return answer && { answer, timeoutS: askTimeoutS };
}

const STATES: Readonly<Record<SessionStatus['type'], SessionState>> = {
  idle: SessionState.IDLE,
  busy: SessionState.BUSY,
  waiting_permission: SessionState.WAITING_PERMISSION,
  waiting_question: SessionState.WAITING_QUESTION,
  retry: SessionState.RETRY,
};

export function toSessionStatus(sessionId: string, status: SessionStatus): SessionStatusMessage {
  const retry =
    status.type === 'retry' ? { attempt: status.attempt, message: status.message, nextAttemptAt: BigInt(status.nextAttemptAtMs) } : {};
  return create(SessionStatusSchema, { sessionId, state: STATES[status.type], ...retry });
}

export function fromUpstreamTodo({ content, status, priority }: UpstreamTodo): Todo {
  return { content, status, priority };
}

export function toSessionStatusList(statuses: ReadonlyMap<string, SessionStatus>): SessionStatusList {
  return create(SessionStatusListSchema, { statuses: [...statuses].map(([sessionId, status]) => toSessionStatus(sessionId, status)) });
}

export function toTodo(todo: Todo): TodoMessage {
  return create(TodoSchema, { ...todo });
}

export function fromCreateSessionRequest(request: Omit<CreateSessionRequest, '$typeName'>): NewSession {
  const { title, directory, parentId, agent, model, labels, requestId } = request;
  const ask = fromAskPolicy(request);
  return { title, directory, parentId, agent, model: model === undefined ? undefined : fromModelName(model), labels, ask, requestId };
}

export function fromUpdateSessionRequest(request: Omit<UpdateSessionRequest, '$typeName'>): SessionChange {
  const { title, archived, labels, model } = request;
  const ask = request.ask === undefined ? undefined : (fromAskPolicy(request) ?? null);
  return { title, archived, labels, model: model === undefined ? undefined : fromModelName(model), ask };
}

export function toTodoList(todos: readonly Todo[]): TodoList {
  return create(TodoListSchema, { todos: todos.map(toTodo) });
}

export function toSessionList(sessions: readonly Session[]): SessionList {
  return create(SessionListSchema, { sessions: sessions.map(toSessionInfo) });
}

export function toSearchSessionsResponse({ sessions, nextPageToken }: SessionPage): SearchSessionsResponse {
  return create(SearchSessionsResponseSchema, { sessions: sessions.map(toSessionInfo), nextPageToken });
}
