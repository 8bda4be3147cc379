import type { GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { QuestionService } from '../../src/common/grpc/generated/question_pb.js';
import { SessionService, type CreateSessionRequest } from '../../src/common/grpc/generated/session_pb.js';
import { PermissionService } from '../../src/common/grpc/generated/tool_pb.js';
import { Conversation } from './conversation.js';
import type { Door } from './door.js';
import { script, type Operation } from './scripted-model.js';

/** Asks for permission, where `bash` is set to ask. */
export const bash: Operation = { t: 'tool', name: 'bash', args: { command: 'echo hello', description: 'test' } };

export const question: Operation = {
  t: 'tool',
  name: 'question',
  args: { questions: [{ question: 'Which?', header: 'Which', options: [{ label: 'A', description: 'a' }], multiple: false }] },
};

export const end: Operation = { t: 'text', value: 'end' };

/** A sub-agent that does one thing. */
export function task(operation: Operation): Operation {
  return { t: 'tool', name: 'task', args: { description: 'sub', subagent_type: 'general', prompt: script([operation], [end]) } };
}

export function isAsk({ event }: GlobalEvent): boolean {
  return event.case === 'permissionCreated' || event.case === 'questionAsked';
}

export function isAnswer({ event }: GlobalEvent): boolean {
  return event.case === 'permissionReplied' || event.case === 'questionClosed';
}

/** A conversation in a session with an ask policy. */
export async function beginAsking(
  door: Door,
  policy: Partial<Pick<CreateSessionRequest, 'ask' | 'askTimeoutS' | 'directory'>> = {},
): Promise<Conversation> {
  const { id } = await door.call(SessionService.method.createSession, { title: 'test', ...policy });
  return Conversation.at(door, id);
}

/** Ids of what waits for an answer in a session, and in those of its sub-agents. */
export async function pendingIn(door: Door, sessionId: string): Promise<string[]> {
  const [{ permissions }, { questions }] = await Promise.all([
    door.call(PermissionService.method.listPermissions, { sessionId }),
    door.call(QuestionService.method.listQuestions, { sessionId }),
  ]);
  return [...permissions, ...questions].map(({ id }) => id);
}
