import { protoServices } from '../../src/common/grpc/proto-types.js';
import { restRoutesOf } from '../../src/common/http/rest-rule.js';
import type { Random } from '../support/random.js';
import { hostileJson, hostileMessage, hostileText } from './values.js';

const ROUTES = protoServices.flatMap(({ methods }) =>
  methods.flatMap((method) => restRoutesOf(method).map((rule) => ({ rule, input: method.input }))),
);
const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'multipart/form-data',
  'application/grpc',
  '',
  ';',
  '*/*',
];
const HEADERS = [
  ['accept', ['application/json', 'text/event-stream', 'application/problem+json', 'image/png', '*/*;q=x', ',,,']],
  ['range', ['bytes=0-', 'bytes=-1', 'bytes=9-1', 'bytes=0-0,2-3', 'bytes=99999999999999999999-', 'x']],
  ['if-match', ['*', '"x"', 'W/"x"', '"']],
  ['if-none-match', ['*', '"x"', ',']],
  ['last-event-id', ['0', '-1', 'x', '99999999999999999999', 'evt_1']],
  ['idempotency-key', ['k', '', ' ', 'x'.repeat(300), '\u00ff']],
  ['expect', ['100-continue', 'x']],
  ['upgrade', ['websocket', 'h2c']],
  ['content-encoding', ['gzip', 'identity', 'x']],
  ['authorization', ['Bearer', 'Basic eDp5', 'Bearer \u00ff']],
  ['x-request-id', ['a b', 'x'.repeat(200)]],
] as const;

function head(lines: readonly string[]): Buffer {
  return Buffer.from([...lines, '', ''].join('\r\n'), 'latin1');
}

/** A request that is whole HTTP, to a route of the contract, with contents that nobody expects. */
export function hostileCall(random: Random, host: string, known: readonly string[]): Buffer {
  const { rule, input } = random.pick(ROUTES);
  const path = rule.path.replaceAll(/:\w+|\*/g, () => pathPart(random, known));
  const query =
    rule.body === '' || random.below(4) === 0
      ? hostileQuery(
          random,
          input.fields.map(({ name }) => name),
          known,
        )
      : '';
  const verb = random.below(20) === 0 ? random.pick(['HEAD', 'OPTIONS', 'PATCH', 'PUT', 'DELETE', 'POST', 'GET']) : rule.verb.toUpperCase();
  const body =
    rule.body === '' && random.below(10) > 0 ? Buffer.alloc(0) : hostileBody(random, () => hostileMessage(random, input, known), known);
  const type = random.below(8) === 0 ? random.pick(TYPES) : 'application/json';
  const extra = Array.from({ length: random.below(3) }, () => {
    const [name, values] = random.pick(HEADERS);
    return `${name}: ${random.pick<string>(values)}`;
  });
  const length = body.length > 0 || random.below(2) === 0 ? [`content-length: ${body.length}`] : [];
  const lines = [`${verb} ${path}${query} HTTP/1.1`, `host: ${host}`, 'connection: close', `content-type: ${type}`, ...length, ...extra];
  return Buffer.concat([head(lines), body]);
}

function pathPart(random: Random, known: readonly string[]): string {
  const text = hostileText(random, known);
  // As it is it would be no request line; the games with those are elsewhere.
  return random.below(3) === 0 ? text.replaceAll(/[^!-~]|#/g, '%') : encode(text);
}

function encode(text: string): string {
  // Half a surrogate pair has no encoding.
  return encodeURIComponent(Buffer.from(text).toString());
}

function hostileQuery(random: Random, names: readonly string[], known: readonly string[]): string {
  const parameters = Array.from({ length: random.below(4) }, () => {
    const name = random.below(4) === 0 || names.length === 0 ? hostileText(random, known) : random.pick(names);
    const nested = random.below(6) === 0 ? random.pick(['.x', '[x]', '[__proto__]', '.__proto__.x', '[]']) : '';
    return `${encode(name)}${nested}=${encode(hostileText(random, known))}`;
  });
  return `?${parameters.join('&')}`;
}

function hostileBody(random: Random, message: () => unknown, known: readonly string[]): Buffer {
  const kind = random.below(10);
  if (kind < 6) return Buffer.from(JSON.stringify(message()));
  if (kind === 6) return Buffer.from(JSON.stringify(hostileJson(random, known)));
  if (kind === 7) return random.bytes(random.below(200));
  if (kind === 8) return Buffer.from(random.pick(['[', '{"a":', '{"title":[']).repeat(1 + random.below(20_000)));
  const text = Buffer.from(JSON.stringify(message()));
  if (text.length > 0) text[random.below(text.length)] = random.below(256);
  return text;
}

/** Bytes that are not quite HTTP, or are read in more than one way. */
export function hostileWire(random: Random, host: string): Buffer {
  const games: readonly (() => string)[] = [
    () =>
      `POST /sessions HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\n\r\n`,
    () => `POST /sessions HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\n{}GET`,
    () =>
      `POST /sessions HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: ${random.pick(['chunked, identity', 'xchunked', ' chunked', 'chunked\t', 'gzip'])}\r\n\r\n0\r\n\r\n`,
    () =>
      `POST /sessions HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${random.pick(['fffffffffffffffff', '-1', '0x2', '2;ext="a\rb"', 'zz', ''])}\r\n{}\r\n0\r\n\r\n`,
    () => `GET /health HTTP/1.1\r\nhost: ${host}\r\nx-a: b\r\n ${random.pick(['folded', '\tfolded'])}: c\r\n\r\n`,
    () => `GET /health HTTP/1.1\nhost: ${host}\n\n`,
    () => `GET /health HTTP/1.1\r\nhost: ${host}\r\n`,
    () => `GET /health HTTP/1.1\r\nhost: ${host}\r\n\r\n`.repeat(1 + random.below(30)),
    () => `GET /health HTTP/1.1\r\nhost: ${host}\r\nx-large: ${'x'.repeat(random.below(40_000))}\r\n\r\n`,
    () => `GET /health HTTP/1.1\r\nhost: ${host}\r\n${'x: y\r\n'.repeat(random.below(3_000))}\r\n`,
    () => `GET /${'a/'.repeat(random.below(12_000))} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    () =>
      `${random.pick(['FOO', 'get', 'CONNECT', 'TRACE', 'PRI', 'PROPFIND', 'G\0T', 'x'.repeat(9_000)])} ${random.pick(['/health', '*', 'x:1', `http://${host}/health`])} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    () =>
      `GET ${random.pick([`http://${host}/health`, 'http://other/sessions', '//health', '/%00', '/..%2f..%2fhealth', '/%', '/%zz', '/health?%', '/health#x', 'health', '/\u00ff', '/he alth', '?', ''])} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    () => `GET /health HTTP/${random.pick(['1.0', '0.9', '2.0', '9.9', '1.1x', '11'])}\r\nhost: ${host}\r\n\r\n`,
    () =>
      `GET /health HTTP/1.1\r\n${random.pick(['', 'host: a\r\nhost: b\r\n', 'host:\r\n', 'host: a b\r\n', 'host : x\r\n', ': x\r\n', 'x\0: y\r\n', `host: ${host}\0\r\n`])}\r\n`,
    () => random.bytes(random.below(300)).toString('latin1'),
    () =>
      `POST /sessions HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${random.pick(['-1', '99999999999999999999', '1e3', '+2', '2, 2', '0x2', ''])}\r\n\r\n{}`,
    () =>
      `PUT /files/x HTTP/1.1\r\nhost: ${host}\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n${random.pick(['x: y\r\n', 'content-length: 1\r\n', '\0\r\n'])}\r\n`,
  ];
  return mutate(random, Buffer.from(random.pick(games)(), 'latin1'));
}

/** One in four is changed somewhere. */
function mutate(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0 || random.below(4) > 0) return bytes;
  if (random.below(2) === 0) return bytes.subarray(0, random.below(bytes.length));
  bytes[random.below(Math.min(bytes.length, 400))] = random.below(256);
  return bytes;
}
