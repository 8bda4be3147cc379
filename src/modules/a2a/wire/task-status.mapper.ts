import { Role, TaskState, type Message, type Part, type StreamResponse, type TaskStatus } from '@a2a-js/sdk';
import type { Ask, TaskEvent, TaskState as State } from '../a2a.model.js';
import type { MessageFailure } from '../../message/message.model.js';
import { wantsCredentials } from './error-metadata.mapper.js';
import type { TaskPlace } from './layout.js';

type StatusEvent = Extract<TaskEvent, { type: 'status' }>;
type StatusMetadata = Record<string, unknown> | undefined;

const STATES: Readonly<Record<State, TaskState>> = {
  submitted: TaskState.TASK_STATE_SUBMITTED,
  working: TaskState.TASK_STATE_WORKING,
  input_required: TaskState.TASK_STATE_INPUT_REQUIRED,
  completed: TaskState.TASK_STATE_COMPLETED,
  failed: TaskState.TASK_STATE_FAILED,
  canceled: TaskState.TASK_STATE_CANCELED,
  rejected: TaskState.TASK_STATE_REJECTED,
};

/** What a status says beside its state. */
export interface StatusTold {
  readonly taskId: string;
  readonly contextId: string;
  readonly state: State;
  readonly atMs: number;
  /** What it waits for; of several the oldest, which an answer in words means. */
  readonly ask: Ask | undefined;
  readonly failure: MessageFailure | undefined;
}

/** The status with words for people, and for programs what is asked. */
export function toTaskStatus(told: StatusTold): TaskStatus {
  return { state: STATES[told.state], message: toStatusMessage(told), timestamp: new Date(told.atMs).toISOString() };
}

/** The same in version 0.3, where opencode-a2a-server ends a task with `auth-required` when its provider refuses the credentials. */
export function toLegacyTaskStatus(told: StatusTold): TaskStatus {
  const status = toTaskStatus(told);
  return told.failure !== undefined && wantsCredentials(told.failure) ? { ...status, state: TaskState.TASK_STATE_AUTH_REQUIRED } : status;
}

/** What an event of a task says of its status. */
export function toStatusTold({ state, atMs, ask, next, failure }: StatusEvent, { id: taskId, contextId }: TaskPlace): StatusTold {
  return { taskId, contextId, state, atMs, ask: ask ?? next, failure };
}

/** A status as an item of a task's stream. */
export function toStatusUpdate({ id: taskId, contextId }: TaskPlace, status: TaskStatus, metadata: StatusMetadata): StreamResponse {
  return { payload: { $case: 'statusUpdate', value: { taskId, contextId, status, metadata } } };
}

export function fromTaskState(state: TaskState): State | undefined {
  return (Object.keys(STATES) as State[]).find((known) => STATES[known] === state);
}

export function textPart(text: string): Part {
  return { content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: 'text/plain' };
}

export function dataPart(value: unknown): Part {
  return { content: { $case: 'data', value }, metadata: undefined, filename: '', mediaType: 'application/json' };
}

function toStatusMessage({ taskId, contextId, state, ask, failure }: StatusTold): Message | undefined {
  const message = (suffix: string, parts: Part[]): Message => ({
    messageId: `${taskId}:${suffix}`,
    contextId,
    taskId,
    role: Role.ROLE_AGENT,
    parts,
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  });
  if (state === 'input_required' && ask !== undefined) return message(`ask:${ask.id}`, [textPart(toWords(ask)), dataPart(toDetails(ask))]);
  if (failure !== undefined) return message('failure', [textPart(failure.message)]);
  return undefined;
}

/** The question as a person would read it, and how to answer. */
function toWords(ask: Ask): string {
  if (ask.type === 'permission') {
    const { type, patterns } = ask.permission;
    const what = patterns.length === 0 ? type : `${type} (${patterns.join(', ')})`;
    return `The agent asks for permission: ${what}. Answer once, always or reject.`;
  }
  return ask.question.items
    .map(({ question, options }) => {
      const labels = options.map(({ label }) => label).join(', ');
      return labels === '' ? question : `${question} (${labels})`;
    })
    .join('\n');
}

/** The least that it takes to decide: tool inputs stay behind. */
export function toDetails(ask: Ask): Readonly<Record<string, unknown>> {
  const head = { requestId: ask.id, type: ask.type };
  if (ask.type === 'permission') {
    const { type: permission, patterns } = ask.permission;
    return { ...head, details: { permission, patterns }, replies: ['once', 'always', 'reject'] };
  }
  return { ...head, details: toQuestionDetails(ask) };
}

export function toQuestionDetails({ question }: Extract<Ask, { type: 'question' }>) {
  return {
    questions: question.items.map(({ header, question: text, options, multiple, custom }) => ({
      header,
      question: text,
      options: options.map(({ label, description }) => ({ label, value: label, description })),
      multiple,
      custom,
    })),
  };
}
