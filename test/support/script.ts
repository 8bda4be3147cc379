import { z } from 'zod';

const is = z.literal;
const count = z.number().int().nonnegative();
const some = count.optional();
const spoken = { n: some, value: z.string().optional(), bytes: some, chunk: count.min(1).optional(), ms: some };
const headers = z.record(z.string(), z.string()).optional();
const body = z.unknown().optional();
const toolArguments = z.union([z.string(), z.record(z.string(), z.unknown())]);
const operationSchema = z.discriminatedUnion('t', [
  z.strictObject({ t: is('text'), ...spoken }),
  z.strictObject({ t: is('reasoning'), ...spoken }),
  z.strictObject({ t: is('endless'), ms: some }),
  z.strictObject({ t: is('tool'), name: z.string(), args: toolArguments }),
  z.strictObject({ t: is('usage'), input: count, output: count }),
  z.strictObject({ t: is('finish'), reason: z.string() }),
  z.strictObject({ t: is('wait'), ms: count }),
  z.strictObject({ t: is('hang') }),
  z.strictObject({ t: is('fail'), times: some }),
  z.strictObject({ t: is('error'), error: z.unknown() }),
  z.strictObject({ t: is('http'), status: count.min(200).max(599), times: some, headers, body }),
]);
const scriptSchema = z.array(z.array(operationSchema));

/**
 * One step of a scripted model call.
 *
 * `text` and `reasoning` say one of `n` (words), `value` (exact text, cut into `chunk` characters) or `bytes`
 * (ASCII text, `chunk` bytes a delta, each delta starting with its own offset), with `ms` after each delta.
 * `endless` words come every 10 ms unless `ms` says otherwise: OpenCode drowns in a stream without pauses.
 * `args` as a string go out as they are, even malformed. `error` says in the middle of an answer that it failed. `http` stands at the head of a list. `http` and `fail`
 * with `times` stop after so many attempts of this call, and the rest of the list happens; without, they never stop.
 */
export type Operation = z.infer<typeof operationSchema>;

/** Stands before a script in a prompt. */
export const marker = 'SCRIPT:';

/** Prompt text that makes the model do the given operations, one list per model call of the turn. */
export function script(...calls: readonly (readonly Operation[])[]): string {
  return marker + JSON.stringify(calls);
}

/** The text from `start` to the bracket that closes the array there: a prompt may go on after its script. */
function arrayAt(text: string, start: number): string {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === '[') depth++;
    else if (!quoted && character === ']' && --depth === 0) return text.slice(start, at + 1);
  }
  return text.slice(start);
}

/** The script in a prompt: one list of operations per model call. */
export function parseScript(promptText: string): readonly (readonly Operation[])[] {
  const json = arrayAt(promptText, promptText.indexOf(marker) + marker.length);
  try {
    return scriptSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new Error(`SCRIPT is not valid: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
