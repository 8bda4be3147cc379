import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 14;
const TIME_BITS = 48n;
const IDS_PER_MS = 4_096n;

let lastMs = 0;
let counter = 0;

function randomText(): string {
  return [...randomBytes(RANDOM_LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/**
 * An id that sorts behind every earlier one, in OpenCode's own form.
 *
 * Read off its ids: prefix, the lowest 48 bits of (Unix ms × 4096 + counter) in hex, 14 characters of chance. The order
 * matters: OpenCode finds the newest prompt and its answer by comparing ids, so `nowMs` is to be read off its own clock.
 */
export function ascendingId(prefix: 'msg' | 'prt', nowMs: number): string {
  const ms = Math.max(nowMs, lastMs);
  counter = ms === lastMs ? counter + 1 : 0;
  lastMs = ms;
  const time = BigInt.asUintN(Number(TIME_BITS), BigInt(ms) * IDS_PER_MS + BigInt(counter));
  return `${prefix}_${time.toString(16).padStart(12, '0')}${randomText()}`;
}
