import type { OpenStream, OpenStreams } from '../streams/open-streams.js';
import type { Metrics, Sample } from './metrics.js';

function sumOf(streams: OpenStreams, read: (stream: OpenStream) => number): () => number {
  return () => {
    let sum = 0;
    for (const [stream] of streams) sum += read(stream);
    return sum;
  };
}

/** What open streams hold, and what became of them. */
export function registerStreamMetrics(metrics: Metrics, streams: OpenStreams): void {
  const { tally } = streams;
  metrics.readGauge('streams_open', 'Streams that are open', () => openByMethod(streams), ['door', 'method']);
  metrics.readGauge(
    'stream_queued_messages',
    'Messages that wait in the queues of slow readers',
    sumOf(streams, (stream) => stream.queuedMessages),
  );
  metrics.readGauge(
    'stream_queued_bytes',
    'Bytes that wait in the queues of slow readers',
    sumOf(streams, (stream) => stream.queuedBytes),
  );
  metrics.readGauge(
    'stream_buffered_bytes',
    'Bytes that were written to readers and not yet taken by the kernel',
    sumOf(streams, (stream) => stream.bufferedBytes),
  );
  metrics.readCounter('stream_messages_total', 'Messages that were written to readers, for each reader', () => tally.messages);
  metrics.readCounter('stream_bytes_total', 'Bytes of these messages', () => tally.bytes);
  metrics.readCounter('stream_conflated_messages_total', 'Waiting messages that a newer one took the place of', () => tally.conflated);
  metrics.readCounter(
    'streams_ended_total',
    'Streams that ended, and why',
    () => Object.entries(tally.ended).map(([reason, value]) => ({ labels: { reason }, value })),
    ['reason'],
  );
  metrics.readCounter('stream_heartbeats_total', 'Heartbeats that were sent', () => tally.heartbeats);
}

function* openByMethod(streams: OpenStreams): Iterable<Sample<'door' | 'method'>> {
  for (const [, { door, method }] of streams) yield { labels: { door, method }, value: 1 };
}
