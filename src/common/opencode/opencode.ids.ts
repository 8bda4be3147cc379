import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const TAIL_LENGTH = 14;
const PREFIX_LENGTH = 'msg_'.length + 12;
const TIME_BITS = 48;
const TICKS_PER_MS = 4_096n;

let lastTick = 0n;

function toTail(bytes: Buffer): string {
  return [...bytes.subarray(0, TAIL_LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

function hash(...texts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(texts)).digest();
}

/**
 * The id of a message, behind every earlier one, in OpenCode's own form.
 *
 * Read off its ids: the lowest 48 bits of (Unix ms × 4096 + counter) in hex, 14 characters of chance. OpenCode
 * itself orders messages by the time it stored them, and by id within a millisecond; `nowMs` is to be read off its own clock.
 */
export function ascendingMessageId(nowMs: number): string {
  const tick = BigInt(nowMs) * TICKS_PER_MS;
  lastTick = tick > lastTick ? tick : lastTick + 1n;
  const time = BigInt.asUintN(TIME_BITS, lastTick);
  return `msg_${time.toString(16).padStart(12, '0')}${toTail(randomBytes(TAIL_LENGTH))}`;
}

/**
 * The id of the message that a request with a key makes, the same wherever and whenever it is made.
 *
 * Twelve digits tell the key and fourteen characters the body, so that the same key with another body is recognised.
 */
export function derivedMessageId(key: readonly string[], body: unknown): string {
  return `msg_${hash(...key).toString('hex', 0, 6)}${toTail(hash(JSON.stringify(body)))}`;
}

const OWN_FORM = /^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/;

/** Whether two messages were made under the same key, if they were made under one: ids that callers chose tell none. */
export function haveSameKey(messageId: string, otherId: string): boolean {
  if (!OWN_FORM.test(messageId) || !OWN_FORM.test(otherId)) return false;
  return messageId.slice(0, PREFIX_LENGTH) === otherId.slice(0, PREFIX_LENGTH);
}

/** The id of a message's part, ascending with its index: OpenCode orders the parts of a message by their ids. */
export function partIdOf(messageId: string, index: number): string {
  const bytes = hash(messageId, String(index));
  return `prt_${index.toString(16).padStart(4, '0')}${bytes.toString('hex', 0, 4)}${toTail(bytes.subarray(4))}`;
}
