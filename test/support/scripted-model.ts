import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { marker, parseScript, type Operation } from './script.js';

export { script, type Operation } from './script.js';

const contentSchema = z.union([z.string(), z.array(z.object({ text: z.string().optional() }))]).nullish();
const messageSchema = z.object({ role: z.string(), content: contentSchema });
const chatRequestSchema = z.object({ model: z.string(), messages: z.array(messageSchema) });

type SpokenOperation = Extract<Operation, { t: 'text' | 'reasoning' }>;
type FaultCheck = (fault: { times?: number | undefined }) => boolean;
type Message = z.infer<typeof messageSchema>;

/** What one chat-completions request asked for, and how it went. */
export interface ScriptedRequest {
  readonly model: string;
  readonly authorization: string | undefined;
  /** Text of the user message that is being answered. */
  readonly promptText: string;
  /** Model calls of the same turn before this one. */
  readonly callIndex: number;
  /** Earlier requests for the very same call: above 0 when the client retries. */
  readonly attempt: number;
  /** Whether OpenCode asked for a session title, which is not part of any turn. */
  readonly forTitle: boolean;
  /** Whether the client left before the answer ended. */
  readonly aborted: boolean;
}

const keptRequests = 1000;
const foreverMs = 2 ** 31 - 1;
/** Roles whose messages may hold a script. */
const PROMPTING: ReadonlySet<string> = new Set(['user', 'tool']);

/** A string is sent as it is, so that a script can send what is not JSON. */
function rawText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function textOf({ content }: Message): string {
  return typeof content === 'string' ? content : (content ?? []).map(({ text }) => text ?? '').join('\n');
}

/** OpenCode 1.18 asks for titles with a system prompt and a first user message of its own; either gives it away. */
function asksForTitle(messages: readonly Message[]): boolean {
  const opening = /^\s*(you are a title generator|generate a title for this conversation)/i;
  return messages.some((message) => message.role !== 'assistant' && opening.test(textOf(message)));
}

/** Finds the prompt being answered, how far its turn has come, and a key that all attempts of the call share. */
function locate(messages: readonly Message[]) {
  // A tool's result is a prompt too when it tells what somebody answered with a script.
  const scripted = messages.findLastIndex(({ role, ...message }) => PROMPTING.has(role) && textOf({ role, ...message }).includes(marker));
  const answered = scripted >= 0 ? scripted : messages.findLastIndex(({ role }) => role === 'user');
  const prompt = messages[answered];
  const promptText = prompt ? textOf(prompt) : '';
  const callIndex = messages.slice(answered + 1).filter(({ role }) => role === 'assistant').length;
  const forTitle = asksForTitle(messages);
  const history = messages.slice(0, answered + 1).filter(({ role }) => role !== 'system');
  const position = JSON.stringify([forTitle, callIndex, history]);
  const key = createHash('sha256').update(position).digest('hex');
  return { promptText, callIndex, forTitle, key };
}

function operationsFor({ promptText, callIndex, forTitle }: ReturnType<typeof locate>): readonly Operation[] {
  if (forTitle) return [{ t: 'text', value: 'Scripted title' }];
  if (promptText.includes(marker)) return parseScript(promptText)[callIndex] ?? [{ t: 'text', value: 'done' }];
  const value = `This answer comes from the scripted model; it repeats: ${promptText.slice(0, 200)}`;
  return [{ t: 'text', value, chunk: 12, ms: 20 }];
}

/** Says of each fault in turn whether this attempt still meets it: earlier faults use up the earlier attempts. */
function faultCounter(attempt: number): FaultCheck {
  let left = attempt;
  return ({ times = Infinity }) => {
    if (left < times) return true;
    left -= times;
    return false;
  };
}

function* wordsOf({ n = 1, value, bytes, chunk = 1024 }: SpokenOperation): Generator<string> {
  if (value !== undefined) {
    // Cutting between code points keeps each delta valid text.
    const characters = [...value];
    for (let at = 0; at < characters.length; at += chunk) yield characters.slice(at, at + chunk).join('');
  } else if (bytes !== undefined) {
    for (let at = 0; at < bytes; at += chunk) {
      const size = Math.min(chunk, bytes - at);
      yield `${at}`.padEnd(size, '.').slice(0, size);
    }
  } else {
    for (let word = 0; word < n; word++) yield `w${word} `;
  }
}

async function* deltasOf(operation: SpokenOperation, signal: AbortSignal): AsyncGenerator<object> {
  const field = operation.t === 'reasoning' ? 'reasoning_content' : 'content';
  for (const word of wordsOf(operation)) {
    yield { choices: [{ index: 0, delta: { role: 'assistant', [field]: word }, finish_reason: null }] };
    if (operation.ms) await pause(operation.ms, undefined, { signal });
  }
}

/** The chunks of one answer at the pace asked for. Throws where the script says that the connection breaks. */
async function* chunksOf(operations: readonly Operation[], isDue: FaultCheck, signal: AbortSignal) {
  let calls = 0;
  let usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  let reason: string | undefined;
  for (const operation of operations) {
    if (operation.t === 'text' || operation.t === 'reasoning') {
      yield* deltasOf(operation, signal);
    } else if (operation.t === 'endless') {
      yield* deltasOf({ ms: 10, ...operation, t: 'text', n: Infinity }, signal);
    } else if (operation.t === 'tool') {
      const called = { name: operation.name, arguments: rawText(operation.args) };
      const call = { index: calls++, id: `call_${randomUUID()}`, type: 'function', function: called };
      yield { choices: [{ index: 0, delta: { role: 'assistant', tool_calls: [call] }, finish_reason: null }] };
    } else if (operation.t === 'usage') {
      const { input, output } = operation;
      usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
    } else if (operation.t === 'finish') {
      reason = operation.reason;
    } else if (operation.t === 'wait' || operation.t === 'hang') {
      await pause(operation.t === 'wait' ? operation.ms : foreverMs, undefined, { signal });
    } else if (operation.t === 'error') {
      yield { error: operation.error };
    } else if (operation.t === 'fail' && isDue(operation)) {
      // What was written reaches the client first, so that it sees half an answer rather than none.
      await pause(20, undefined, { signal });
      throw new Error('The script breaks the connection here');
    }
  }
  yield { choices: [{ index: 0, delta: {}, finish_reason: reason ?? (calls > 0 ? 'tool_calls' : 'stop') }] };
  yield { choices: [], usage };
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(rawText(body));
}

/** Writes an answer chunk by chunk, as fast as the client reads. Rejects when the client leaves. */
async function sendChunks(response: ServerResponse, chunks: AsyncIterable<object>, left: AbortSignal): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }).flushHeaders();
  let written = 0;
  for await (const chunk of chunks) {
    const frame = { id: 'chatcmpl-scripted', object: 'chat.completion.chunk', created: 0, ...chunk };
    if (!response.write(`data: ${JSON.stringify(frame)}\n\n`)) await once(response, 'drain', { signal: left });
    // Writes that the kernel takes at once would otherwise never let the event loop see the client leave.
    if (++written % 64 === 0) await breathe();
    left.throwIfAborted();
  }
  response.end('data: [DONE]\n\n');
}

/**
 * An OpenAI-compatible chat-completions server on loopback that does what the prompt tells it.
 *
 * The newest user message with `SCRIPT:[[…],…]` in it is the script, and the assistant messages after it say
 * which list is due, so that nothing has to be told to the server beforehand. Only attempts are remembered,
 * because a retried request looks like the first one.
 */
export class ScriptedModel {
  private readonly attempts = new Map<string, number>();
  private readonly log: ScriptedRequest[] = [];
  private readonly open = new Set<ServerResponse>();
  private readonly server = createServer((request, response) => void this.handle(request, response));

  private constructor(private readonly fill: (text: string) => string) {}

  /** `fill` completes scripts with what a prompt must not hold. */
  static async start(options: { port?: number; fill?: (text: string) => string } = {}): Promise<ScriptedModel> {
    const model = new ScriptedModel(options.fill ?? ((text) => text));
    model.server.listen(options.port ?? 0, '127.0.0.1');
    await once(model.server, 'listening');
    return model;
  }

  /** Base URL for an OpenAI-compatible client. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** The newest chat-completions requests, oldest first. */
  get requests(): readonly ScriptedRequest[] {
    return this.log;
  }

  /** Answers still being given. */
  get openStreams(): number {
    return this.open.size;
  }

  /** Ends open answers and frees the port. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url?.split('?')[0]}`;
    try {
      if (route === 'POST /v1/chat/completions') return await this.complete(request, response);
      const models = ['scripted', 'other'].map((id) => ({ id, object: 'model' }));
      if (route === 'GET /v1/models') sendJson(response, 200, { object: 'list', data: models });
      else sendJson(response, 404, { error: { message: `No ${route} here` } });
    } catch (error) {
      // A broken answer is broken off; before its first byte the request itself was wrong.
      if (response.headersSent) response.destroy();
      else sendJson(response, 400, { error: { message: String(error), type: 'scripted' } });
    }
  }

  private async complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { model, messages } = chatRequestSchema.parse(JSON.parse(await readText(request)));
    const { key, ...asked } = locate(messages);
    const call = `${String(request.headers['x-session-id'])} ${key}`;
    const attempt = this.attempts.get(call) ?? 0;
    this.attempts.set(call, attempt + 1);
    const record = { model, authorization: request.headers.authorization, ...asked, attempt, aborted: false };
    this.log.push(record);
    if (this.log.length > keptRequests) this.log.shift();
    const operations = operationsFor({ key, ...asked, promptText: this.fill(asked.promptText) });
    const isDue = faultCounter(attempt);
    const refusal = operations.filter((operation) => operation.t === 'http').find(isDue);
    if (refusal) {
      const { status, headers, body = { error: { message: `Scripted HTTP ${status}`, type: 'scripted' } } } = refusal;
      return sendJson(response, status, body, headers);
    }
    const left = new AbortController();
    this.open.add(response);
    response.once('close', () => {
      this.open.delete(response);
      left.abort();
    });
    try {
      await sendChunks(response, chunksOf(operations, isDue, left.signal), left.signal);
    } catch (error) {
      record.aborted = response.destroyed;
      throw error;
    }
  }
}
