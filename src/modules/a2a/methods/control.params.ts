import { z } from 'zod';
import type { CommandInvocation, ShellInvocation } from '../../message/invocation.model.js';
import type { FileAttachment, Prompt, PromptExtras, PromptInput } from '../../message/prompt.model.js';
import { id, metadata, modelRef, nonEmpty, optional } from './extension.params.js';

const text = z.string();
const MESSAGE_ID = "must be a string starting with 'msg', of letters, digits, - and _";
/** OpenCode's own, or one that a client made: the dot stands between session and turn in a task's id. */
const messageID = optional(z.string({ error: MESSAGE_ID }).regex(/^msg[\w-]{1,80}$/, { error: MESSAGE_ID }));
const model = optional(modelRef);

const filePart = z.object({ type: z.literal('file'), mime: nonEmpty, url: nonEmpty, filename: optional(text) });
const promptPart = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('text'), text }),
    filePart,
    z.object({ type: z.literal('agent'), name: text }),
    z.object({ type: z.literal('subtask'), prompt: text, description: text, agent: text, model, command: optional(text) }),
  ],
  { error: 'must be one of: text, file, agent, subtask' },
);

/** JSON by a schema is what OpenCode 1.18.33 takes and cannot read again: it refuses the session's whole history from then on. */
const UNREADABLE = 'json_schema makes the history of the session unreadable for this OpenCode';

const format = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('text') }),
    z.object({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()), retryCount: optional(z.int().min(0)) }),
  ],
  { error: "must be 'text' or 'json_schema'" },
);

const promptRequest = z.strictObject({
  parts: z.array(promptPart),
  messageID,
  model,
  agent: optional(text),
  noReply: optional(z.boolean()),
  tools: optional(z.record(z.string(), z.boolean())),
  format: optional(format.refine(({ type }) => type === 'text', { error: UNREADABLE, path: ['type'] })),
  system: optional(text),
  variant: optional(text),
});

const commandRequest = z.strictObject({
  command: nonEmpty,
  arguments: nonEmpty,
  messageID,
  agent: optional(text),
  model,
  variant: optional(text),
  parts: optional(z.array(filePart)),
});

const shellRequest = z.strictObject({ agent: nonEmpty, command: nonEmpty, model });

export const promptParams = z.strictObject({ session_id: id, request: promptRequest, metadata });
export const commandParams = z.strictObject({ session_id: id, request: commandRequest, metadata });
export const shellParams = z.strictObject({ session_id: id, request: shellRequest, metadata });

export function toPrompt(sessionId: string, request: z.output<typeof promptRequest>): Prompt {
  const { parts, messageID: messageId, agent, system, variant } = request;
  return {
    sessionId,
    parts: parts.map(toPromptPart),
    model: request.model,
    agent,
    system,
    variant,
    requestId: messageId ?? '',
    messageId,
    extras: toExtras(request),
  };
}

export function toCommand(sessionId: string, request: z.output<typeof commandRequest>): CommandInvocation {
  const { command, messageID: messageId, agent, variant, parts } = request;
  return {
    sessionId,
    // As people type it.
    command: command.trim().replace(/^\//, ''),
    arguments: request.arguments,
    agent,
    model: request.model,
    variant,
    files: parts?.map(toFile),
    requestId: messageId ?? '',
    messageId,
  };
}

export function toShellLine(sessionId: string, request: z.output<typeof shellRequest>): ShellInvocation {
  return { sessionId, command: request.command, agent: request.agent, model: request.model, requestId: '' };
}

function toExtras({ tools }: z.output<typeof promptRequest>): PromptExtras | undefined {
  return tools && { tools };
}

function toPromptPart(part: z.output<typeof promptPart>): PromptInput {
  return part.type === 'file' ? toFile(part) : part;
}

function toFile({ type, mime, url, filename }: z.output<typeof filePart>): FileAttachment {
  return { type, mime, url, filename };
}
