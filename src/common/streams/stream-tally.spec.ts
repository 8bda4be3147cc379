import { Subject } from 'rxjs';
import { FakeSink, type Note } from '../../../test/support/fake-sink.js';
import { GatewayError } from '../errors/gateway-error.js';
import { writeBounded, type BoundedWriter } from './bounded-writer.js';
import { StreamTally, type StreamEnd } from './stream-tally.js';

interface Stream {
  readonly source: Subject<Note>;
  readonly sink: FakeSink;
  readonly writer: BoundedWriter<Note>;
}

const refusal = (reason: string): GatewayError => new GatewayError('UNAVAILABLE', 'over', { reason });

const ENDS: readonly (readonly [StreamEnd, (stream: Stream) => void])[] = [
  ['completed', ({ source }) => source.complete()],
  ['failed', ({ source }) => source.error(new Error('upstream broke'))],
  ['shutdown', ({ source }) => source.error(refusal('SHUTTING_DOWN'))],
  ['slow_reader', ({ source }) => source.error(refusal('SLOW_READER'))],
  ['reader', ({ sink }) => sink.close()],
  ['dismissed', ({ writer }) => writer.dismiss()],
  [
    'connection_aged',
    ({ sink, writer }) => {
      sink.isLeaving = true;
      writer.tick({ heartbeatS: 0, leaveAfterS: 0 });
    },
  ],
  [
    'slow_reader',
    ({ sink, source }) => {
      sink.willing = false;
      for (const name of ['written', 'waits', 'has no room']) source.next({ name });
    },
  ],
];

describe('the tally of streams', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  function open(): Stream & { readonly tally: StreamTally } {
    const [source, sink, tally] = [new Subject<Note>(), new FakeSink(), new StreamTally()];
    return { source, sink, tally, writer: writeBounded(source, sink, { maxMessages: 1, maxBytes: 100 }, tally) };
  }

  it.each(ENDS)('counts a stream once as %s, whoever closes it then', (end, finish) => {
    const stream = open();

    finish(stream);
    stream.sink.close();
    stream.writer.unsubscribe();

    expect(Object.entries(stream.tally.ended).filter(([, count]) => count > 0)).toEqual([[end, 1]]);
  });

  it('counts what was written, and no heartbeats among it', () => {
    const { source, writer, tally } = open();

    for (const name of ['a', 'bcd']) source.next({ name });
    writer.tick({ heartbeatS: 1, leaveAfterS: 0 });

    expect(tally).toMatchObject({ messages: 2, bytes: 4, heartbeats: 1 });
  });
});
