import type { Random } from '../support/random.js';
import type { FrameFault } from './faults.js';

const BOUNDARY = Buffer.from('\n\n');

/** The frames of a stream of server-sent events, each with the blank line that ends it. */
export async function* framesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(BOUNDARY); end >= 0; end = rest.indexOf(BOUNDARY)) {
      yield rest.subarray(0, end + BOUNDARY.length);
      rest = rest.subarray(end + BOUNDARY.length);
    }
  }
  if (rest.length > 0) yield rest;
}

interface AnyFrame {
  readonly payload?: {
    readonly type?: string;
    readonly properties?: { readonly sessionID?: string; readonly info?: { readonly parentID?: string } };
    readonly syncEvent?: { readonly aggregateID?: string; readonly type?: string };
  };
}

/** Which session a frame is about, whose child that is, and what it tells; undefined for heartbeats and the like. */
export function topicOf(
  frame: Buffer,
): { readonly sessionId: string; readonly parentId: string | undefined; readonly type: string } | undefined {
  const text = frame.toString();
  if (!text.startsWith('data: ')) return undefined;
  const { payload } = JSON.parse(text.slice('data: '.length)) as AnyFrame;
  const sessionId = payload?.syncEvent?.aggregateID ?? payload?.properties?.sessionID;
  if (sessionId === undefined) return undefined;
  return { sessionId, parentId: payload?.properties?.info?.parentID, type: payload?.syncEvent?.type ?? payload?.type ?? '' };
}

/** A frame that is one on the wire and none to its reader. */
export function corrupted(frame: Buffer, how: Extract<FrameFault, { kind: 'corrupt' }>['how']): Buffer {
  if (how === 'null') return Buffer.from('data: null\n\n');
  if (how === 'truncated') return Buffer.concat([frame.subarray(0, Math.floor(frame.length / 2)), BOUNDARY]);
  return Buffer.from(frame.toString().replace('{', '{]'));
}

/** Cuts bytes into chunks, without regard for frames and characters. */
export function rechunked(bytes: Buffer, how: 'bytes' | 'anywhere', random: Random): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = how === 'bytes' ? 1 : cutBehind(bytes, at, random);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** Inside a character where there is one of several bytes near, for that is where decoders break. */
function cutBehind(bytes: Buffer, at: number, random: Random): number {
  const size = 1 + random.below(200);
  const wide = bytes.subarray(at, at + size).findIndex((byte) => byte >= 0xc0);
  return wide >= 0 ? wide + 1 : size;
}
