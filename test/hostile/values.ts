import { ScalarType, type DescField, type DescMessage, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import type { Random } from '../support/random.js';

const TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\u{1f600}',
  '\ud800',
  '\u202e',
  '%00',
  '%ff',
  '..%2f..%2fetc%2fpasswd',
  '../../../etc/passwd',
  '/etc/passwd',
  'file:///etc/passwd',
  'C:\\x',
  '*',
  '(((((',
  '[z-a]',
  '{env:HOME}',
  '__proto__',
  'constructor',
  'toString',
  "'; DROP TABLE session; --",
  '\r\nx-injected: 1',
  'true',
  'null',
  'NaN',
  'eyJhZnRlciI6N30',
  Buffer.from('{"after":"\\u0000"}').toString('base64url'),
  'ses_1',
  'msg_1',
  'per_1',
  'que_1',
  'prt_1',
  'build',
  'scripted/scripted',
  'data:text/plain;base64,!!!!',
  'http://127.0.0.1:1/',
];

const NUMBERS = [0, -0, 1, -1, 0.5, 1e308, -1e308, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 63, 2 ** 64, 1e21, 101];

export function hostileText(random: Random, known: readonly string[]): string {
  const kind = random.below(12);
  if (kind < 3 && known.length > 0) return random.pick(known);
  if (kind < 9) return random.pick(TEXTS);
  if (kind === 9) return random.pick(['x', 'ü', '/', '../', '\0', '[', '{"a":']).repeat(1 + random.below(3_000));
  return random.bytes(random.below(40)).toString(random.pick(['latin1', 'utf8', 'utf16le']));
}

/** Anything that JSON can say, and keys that mean something to JavaScript. */
export function hostileJson(random: Random, known: readonly string[], depth = 0): JsonValue {
  switch (random.below(depth > 4 ? 5 : 8)) {
    case 0:
      return null;
    case 1:
      return random.below(2) === 0;
    case 2:
    case 3:
      return random.pick(NUMBERS);
    case 4:
      return hostileText(random, known);
    case 5:
      return Array.from({ length: random.below(4) }, () => hostileJson(random, known, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [hostileText(random, known), hostileJson(random, known, depth + 1)]),
      );
  }
}

/** A message of the type whose fields mostly have their types, with values that nobody expects; sometimes anything at all. */
export function hostileMessage(random: Random, type: DescMessage, known: readonly string[], depth = 0): JsonObject {
  const message: JsonObject = {};
  for (const field of type.fields) {
    if (random.below(3) > 0) message[random.pick([field.name, field.jsonName])] = hostileField(random, field, known, depth);
  }
  if (random.below(10) === 0) message[random.pick(['__proto__', 'constructor', 'x'])] = hostileJson(random, known, depth);
  return message;
}

function hostileField(random: Random, field: DescField, known: readonly string[], depth: number): JsonValue {
  if (random.below(8) === 0) return hostileJson(random, known, depth);
  const one = (): JsonValue => {
    if (field.message !== undefined) return depth > 4 ? {} : hostileMessage(random, field.message, known, depth + 1);
    if (field.enum !== undefined) return random.pick([...field.enum.values.map(({ name }) => name), 'NO_SUCH_VALUE', 99, -1]);
    return hostileScalar(random, field.scalar, known);
  };
  if (field.fieldKind === 'list') return Array.from({ length: random.below(4) }, one);
  if (field.fieldKind === 'map')
    return Object.fromEntries(Array.from({ length: random.below(3) }, () => [hostileText(random, known), one()]));
  return one();
}

function hostileScalar(random: Random, scalar: ScalarType | undefined, known: readonly string[]): JsonValue {
  if (scalar === ScalarType.STRING) return hostileText(random, known);
  if (scalar === ScalarType.BYTES) return random.bytes(random.below(50)).toString('base64');
  if (scalar === ScalarType.BOOL) return random.below(2) === 0;
  return random.pick([...NUMBERS, ...NUMBERS.map(String)]);
}
