/** What has become of all streams together, since the start; plain numbers, for they are counted on the hot path. */
export class StreamTally {
  /** Messages that were dropped because a newer one that contains them came while they waited. */
  conflated = 0;
  /** Readers that were ended because their queue was full. */
  slowReaders = 0;
  /** Readers that were ended because their connection had to. */
  agedReaders = 0;
  heartbeats = 0;
}
