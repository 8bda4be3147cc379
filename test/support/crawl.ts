import { toJsonString, type DescMethod, type DescMethodServerStreaming, type DescMethodUnary } from '@bufbuild/protobuf';
import { protoServices, protoTypes, methodName } from '../../src/common/grpc/proto-types.js';
import { restRoutesOf } from '../../src/common/http/rest-rule.js';
import { textPart } from './conversation.js';
import { CallError, type Door } from './door.js';
import { script } from './scripted-model.js';

/** How long a stream is read that does not end by itself. */
const READ_FOR_MS = 400;

/** What there is to call methods with. */
export interface Known {
  readonly sessionId: string;
  readonly messageId: string;
  readonly providerId: string;
  readonly path: string;
  /** Sent as a credential, which nothing may give back. */
  readonly key: string;
}

/** Changes that would leave nothing for the methods behind them. */
const LAST = /Delete|Remove|Clear|Reset/;

const sent = [textPart(script([{ t: 'text', value: 'fine' }]))];

/** A request that gets as far as it can: sensible values by the names of the fields, and by method where that is not enough. */
function requestOf(method: DescMethod, known: Known): Record<string, unknown> {
  const values: Record<string, unknown> = {
    ...known,
    directory: '.',
    query: 'e',
    pattern: 'e',
    title: 'crawled',
    permissionId: 'per_none',
    questionId: 'que_none',
    response: 'reject',
    command: method.name === 'RunCommand' ? 'harmless' : 'true',
    arguments: 'nothing',
    content: 'new content',
  };
  const named = method.input.fields.filter(({ localName, fieldKind }) => fieldKind === 'scalar' && localName in values);
  const request = Object.fromEntries(named.map(({ localName }) => [localName, values[localName]]));
  if (method.input.typeName === 'opencode.message.SendMessageRequest') return { ...request, parts: sent };
  if (method.input.typeName === 'opencode.v1.SendMessageRequest') return { parts: [{ content: sent[0]?.content }] };
  if (method.name === 'SetProviderCredential') return { ...request, credential: { case: 'apiKey', value: known.key } };
  return request;
}

/** A refusal as its caller reads it. */
function tellError(error: unknown): string {
  if (!(error instanceof CallError)) throw error;
  const { code, message, reason, fields, metadata } = error;
  return JSON.stringify({ code, message, reason, fields, metadata });
}

async function* read(door: Door, method: DescMethodServerStreaming, request: Record<string, unknown>): AsyncGenerator<string> {
  const stream = door.stream(method, request);
  const timer = setTimeout(() => stream.cancel(), READ_FOR_MS);
  try {
    for await (const message of stream) yield toJsonString(method.output, message, { registry: protoTypes });
  } catch (error) {
    // A cancelled gRPC call fails.
    yield tellError(error);
  } finally {
    clearTimeout(timer);
  }
}

async function tell(door: Door, method: DescMethod, known: Known): Promise<string[]> {
  const request = requestOf(method, known);
  if (method.methodKind !== 'unary') {
    const told: string[] = [];
    for await (const message of read(door, method as DescMethodServerStreaming, request)) told.push(message);
    return told;
  }
  const answer = door.call(method as DescMethodUnary, request).then(
    (message) => toJsonString(method.output, message, { registry: protoTypes }),
    (error: unknown) => tellError(error),
  );
  return [await answer];
}

/** Calls every method of the contract that a door has, and gives what each answered, by its name. */
export async function crawl(door: Door, makeKnown: () => Promise<Known>): Promise<Map<string, string>> {
  const methods = protoServices
    .flatMap((service) => service.methods)
    .filter((each) => door.name !== 'REST' || restRoutesOf(each).length > 0);
  const ordered = [...methods.filter(({ name }) => !LAST.test(name)), ...methods.filter(({ name }) => LAST.test(name))];
  const answers = new Map<string, string>();
  let known = await makeKnown();
  for (const method of ordered) {
    answers.set(methodName(method), (await tell(door, method, known)).join('\n'));
    if (LAST.test(method.name)) known = await makeKnown();
  }
  return answers;
}
