/** Bits of a word of an id. */
const WORD_BITS = 32;
const WORDS_PER_ID = 4;
const BYTES_PER_WORD = 4;
const ALL_WORDS = 2 ** WORD_BITS;
/** What OpenTelemetry's `TraceIdRatioBasedSampler` multiplies a ratio by, so that both choose the same ids. */
const HIGHEST_WORD = ALL_WORDS - 1;

const bytes = Buffer.alloc(WORDS_PER_ID * BYTES_PER_WORD);

/**
 * A trace that begins here, of which no more is known than whether it is chosen: OpenTelemetry's sampler by ratio looks at the four words of
 * an id added without carry, and at nothing else. So that sum is drawn, and an id to it only for who asks: in a log, or of OpenCode.
 */
export function drawTrace(): number {
  return (Math.random() * ALL_WORDS) | 0;
}

/** Whether `TraceIdRatioBasedSampler` chooses the ids of this sum. @param ratio - of the traces, 0 to 1 */
export function isChosen(sum: number, ratio: number): boolean {
  return ratio === 1 || sum >>> 0 < Math.floor(ratio * HIGHEST_WORD);
}

/** An id of this sum, another one each time: 32 digits by W3C Trace Context. */
export function toTraceId(sum: number): string {
  let last = sum;
  for (let word = 1; word < WORDS_PER_ID; word += 1) {
    const drawn = drawTrace();
    bytes.writeInt32BE(drawn, word * BYTES_PER_WORD);
    last ^= drawn;
  }
  bytes.writeInt32BE(last);
  return bytes.toString('hex');
}
