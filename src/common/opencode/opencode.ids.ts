import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 14;
const TIME_BITS = 48;
const TICKS_PER_MS = 4_096n;

let lastTick = 0n;

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
  const tick = BigInt(nowMs) * TICKS_PER_MS;
  lastTick = tick > lastTick ? tick : lastTick + 1n;
  const time = BigInt.asUintN(TIME_BITS, lastTick);
  return `${prefix}_${time.toString(16).padStart(12, '0')}${randomText()}`;
}
