import type { PermissionReply } from '../../permission/permission.model.js';
import type { Ask } from '../a2a.model.js';

/** What a message says to an ask; undefined: nothing that can be understood. */
export type AskAnswer =
  | { readonly type: 'permission'; readonly reply: PermissionReply; readonly message: string | undefined }
  | { readonly type: 'question'; readonly answers: readonly (readonly string[])[] }
  | { readonly type: 'question_rejected' };

const REPLIES: Readonly<Record<string, PermissionReply>> = {
  once: 'once',
  allow: 'once',
  'allow once': 'once',
  approve: 'once',
  approved: 'once',
  yes: 'once',
  y: 'once',
  ok: 'once',
  always: 'always',
  'allow always': 'always',
  reject: 'reject',
  rejected: 'reject',
  deny: 'reject',
  no: 'reject',
  n: 'reject',
};

type Data = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The id of the ask that a structured answer means; undefined: the only one. */
export function askIdIn(data: unknown): string | undefined {
  const id = isRecord(data) ? (data['requestId'] ?? data['request_id']) : undefined;
  return typeof id === 'string' ? id : undefined;
}

/**
 * An ordinary message as the answer to an ask: structured (`{reply}`, `{answers}`, `{reject: true}`), or in words.
 *
 * In words a permission is one of once, always, reject and what people say for them; a question's answer is an option's label or
 * number, a line for each question, or free text where that is allowed.
 */
export function toAskAnswer(ask: Ask, data: readonly unknown[], text: string): AskAnswer | undefined {
  const structured = data.filter(isRecord).map((each) => fromData(ask, each));
  return structured.find((answer) => answer !== undefined) ?? fromWords(ask, text);
}

function fromData(ask: Ask, data: Data): AskAnswer | undefined {
  if (ask.type === 'permission') {
    const { reply, message } = data;
    const known = typeof reply === 'string' ? REPLIES[reply.toLowerCase()] : undefined;
    return known && { type: 'permission', reply: known, message: typeof message === 'string' ? message : undefined };
  }
  if (data['reject'] === true) return { type: 'question_rejected' };
  const { answers } = data;
  if (!Array.isArray(answers)) return undefined;
  const lists = answers.map((answer: unknown): readonly unknown[] => (Array.isArray(answer) ? answer : [answer]));
  const isText = lists.every((list) => list.every((each): each is string => typeof each === 'string'));
  return isText ? { type: 'question', answers: lists } : undefined;
}

function fromWords(ask: Ask, text: string): AskAnswer | undefined {
  const words = text.trim();
  if (words === '') return undefined;
  if (ask.type === 'permission') {
    const reply = REPLIES[words.toLowerCase().replace(/[.!]$/, '')];
    return reply && { type: 'permission', reply, message: undefined };
  }
  const { items } = ask.question;
  const lines = items.length === 1 ? [words] : words.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length !== items.length) return undefined;
  const answers = items.map((item, index) => {
    const line = (lines[index] ?? '').trim();
    const exact = item.options.find(({ label }) => label.toLowerCase() === line.toLowerCase());
    const option = exact ?? (/^\d+$/.test(line) ? item.options[Number(line) - 1] : undefined);
    if (option !== undefined) return [option.label];
    return item.custom || item.options.length === 0 ? [line] : undefined;
  });
  return answers.every((answer) => answer !== undefined) ? { type: 'question', answers } : undefined;
}
