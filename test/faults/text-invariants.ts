import type { MessagePartUpdated } from '../../src/common/grpc/generated/event_pb.js';
import type { UpstreamMessageWithParts } from '../../src/common/opencode/opencode.types.js';
import type { ReaderNotes } from './reader.js';

interface Told {
  readonly messages: readonly UpstreamMessageWithParts[];
  readonly dropped: readonly string[];
}

/** Text that OpenCode ended up with, by part; nothing of parts that an attempt left behind. */
function finalTexts(messages: readonly UpstreamMessageWithParts[]): Map<string, string> {
  return new Map(
    messages.flatMap(({ parts }) =>
      parts.flatMap((part) => ('text' in part && typeof part.text === 'string' && part.text !== '' ? [[part.id, part.text] as const] : [])),
    ),
  );
}

/** OpenCode trims what it closes. */
function isBeginning(text: string, whole: string): boolean {
  return whole.startsWith(text) || (text.startsWith(whole) && text.slice(whole.length).trim() === '');
}

/**
 * Growing text as its reader puts it together: deltas join without a hole, what is shown is always a beginning of the
 * truth, and the end is the whole of it.
 */
export function checkText(reader: ReaderNotes, { messages, dropped }: Told): string[] {
  const finals = finalTexts(messages);
  const found: string[] = [];
  const shown = new Map<string, string>();
  const latest = new Map<string, string>();
  let resynced = false;
  for (const entry of reader.entries) {
    // What is open is told anew to who comes back, or grows from nothing.
    if (entry.kind === 'opened') shown.clear();
    if (entry.kind !== 'event') continue;
    const { event } = entry.event;
    if (event.case === 'resync') {
      shown.clear();
      resynced = true;
    } else if (event.case === 'messagePartRemoved') {
      shown.delete(event.value.partId);
      latest.delete(event.value.partId);
    } else if (event.case === 'messagePartUpdated') {
      const before = shown.get(event.value.partId) ?? '';
      const text = textBehind(event.value, before);
      if (text === undefined) continue;
      if (text === HOLE)
        found.push(`${reader.name} got a delta of ${event.value.partId} at ${event.value.offset} behind ${Buffer.byteLength(before)}`);
      else {
        shown.set(event.value.partId, text);
        latest.set(event.value.partId, text);
        const final = finals.get(event.value.partId);
        // A delta that was dropped leaves no trace until its part is closed.
        if (final !== undefined && !dropped.includes('message.part.delta') && !isBeginning(text, final))
          found.push(`${reader.name} was shown a text of ${event.value.partId} that never was: ${JSON.stringify(text.slice(0, 80))}`);
      }
    }
  }
  if (resynced) return found;
  for (const [partId, final] of finals) {
    if (latest.get(partId) !== final)
      found.push(`${reader.name} ended with another text of ${partId}: ${JSON.stringify(latest.get(partId)?.slice(-40))}`);
  }
  return found;
}

const HOLE = Symbol('HOLE');

/** The text of a part behind an update of it; undefined for parts without text. */
function textBehind({ part, delta, offset }: MessagePartUpdated, before: string): string | typeof HOLE | undefined {
  if (part.case !== 'text' && part.case !== 'reasoning') return undefined;
  if (delta === undefined) return part.value.text;
  return Number(offset) === Buffer.byteLength(before) ? before + delta : HOLE;
}
