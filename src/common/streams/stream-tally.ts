/**
 * Why a stream ended: its source did, or failed; its reader left, or did not keep up; its connection wanted to end; its token is no longer
 * valid; the gateway shuts down.
 */
export type StreamEnd = 'completed' | 'failed' | 'reader' | 'slow_reader' | 'connection_aged' | 'dismissed' | 'shutdown';

/** What has become of all streams together, since the start; plain numbers, for they are counted on the hot path. */
export class StreamTally {
  /** Messages that were handed to the connections of their readers; the same one counts for each. */
  messages = 0;
  /** Of these messages, as they look on the wire. */
  bytes = 0;
  /** Messages that were dropped because a newer one that contains them came while they waited. */
  conflated = 0;
  heartbeats = 0;
  /** Streams that were refused because too many were open. */
  refused = 0;
  readonly ended: Record<StreamEnd, number> = {
    completed: 0,
    failed: 0,
    reader: 0,
    slow_reader: 0,
    connection_aged: 0,
    dismissed: 0,
    shutdown: 0,
  };
}
