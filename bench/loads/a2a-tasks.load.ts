import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';

/** The versions of A2A that a task can be sent in. */
export type Version = '0.3' | '1.0';

/** What callers of A2A got. */
export interface TasksResult {
  /** Server-sent events, of all tasks. */
  readonly events: number;
  readonly elapsedMs: number;
}

const EVENT = Buffer.from('data:');
/** Of the end of a stream; the last event is in it. */
const TAIL_BYTES = 4_096;

/** A JSON-RPC request for an answer of so many words, as a stream. */
export function sendStreamingMessage(version: Version, words: number): Record<string, unknown> {
  const messageId = randomUUID();
  const text = `SAY:${words}`;
  return version === '1.0'
    ? {
        jsonrpc: '2.0',
        id: 1,
        method: 'SendStreamingMessage',
        params: { message: { messageId, role: 'ROLE_USER', parts: [{ text }] } },
      }
    : {
        jsonrpc: '2.0',
        id: 1,
        method: 'message/stream',
        params: { message: { kind: 'message', messageId, role: 'user', parts: [{ kind: 'text', text }] } },
      };
}

/** Runs as many tasks at once, each of so many words, and reads each to its end. @throws Error when one does not complete */
export async function runTasks(url: string, version: Version, words: number, tasks: number): Promise<TasksResult> {
  const pool = new Pool(url, { connections: tasks, headersTimeout: 0, bodyTimeout: 0 });
  const startedAtMs = performance.now();
  const counts = await Promise.all(Array.from({ length: tasks }, () => runTask(pool, version, words)));
  const elapsedMs = performance.now() - startedAtMs;
  await pool.close();
  return { events: counts.reduce((sum, count) => sum + count, 0), elapsedMs };
}

/** Events are counted in the raw bytes: their parser would take the CPU from the server. */
async function runTask(pool: Pool, version: Version, words: number): Promise<number> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream', 'a2a-version': version };
  const body = JSON.stringify(sendStreamingMessage(version, words));
  const answer = await pool.request({ method: 'POST', path: '/', headers, body });
  let events = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    events += countEvents(Buffer.concat([tail.subarray(Math.max(0, tail.length - EVENT.length + 1)), chunk]));
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  }
  if (!/"(TASK_STATE_COMPLETED|completed)"/.test(tail.toString())) throw new Error(`a task ended with ${tail.toString()}`);
  return events;
}

function countEvents(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(EVENT); at >= 0; at = bytes.indexOf(EVENT, at + EVENT.length)) count += 1;
  return count;
}
