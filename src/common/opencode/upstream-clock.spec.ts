import { readTranscript } from '../../../test/fixtures/transcripts/transcripts.js';
import { UpstreamClock } from './upstream-clock.js';

const NOW_MS = 1_795_247_375_000;
/** An id holds the lowest 36 bits of a time in milliseconds: it starts anew every 795 days. */
const WRAP_MS = 2 ** 36;

function idMadeAt(ms: number): string {
  const time = BigInt.asUintN(48, BigInt(ms) * 4_096n + 7n);
  return `evt_${time.toString(16).padStart(12, '0')}abcdefghijklmn`;
}

describe('UpstreamClock', () => {
  it('is the local clock before it saw an event', () => {
    expect(new UpstreamClock().nowMs(NOW_MS)).toBe(NOW_MS);
  });

  it.each([
    ['ahead', 90_000],
    ['behind', -90_000],
    ['hours behind', -7_200_000],
    ['equal', 0],
  ])('follows a clock that is %s', (_, skewMs) => {
    const clock = new UpstreamClock();

    clock.observe(idMadeAt(NOW_MS + skewMs), NOW_MS);

    expect(clock.nowMs(NOW_MS + 500)).toBe(NOW_MS + 500 + skewMs);
  });

  it('trusts the event that came fastest', () => {
    const clock = new UpstreamClock();

    for (const [index, delayMs] of [40, 3, 900].entries()) clock.observe(idMadeAt(NOW_MS + index - delayMs), NOW_MS + index);

    expect(clock.nowMs(NOW_MS)).toBe(NOW_MS - 3);
  });

  it('follows a clock that was set back, after two windows', () => {
    const clock = new UpstreamClock();
    clock.observe(idMadeAt(NOW_MS + 10_000), NOW_MS);

    for (let laterMs = 30_000; laterMs <= 180_000; laterMs += 30_000) clock.observe(idMadeAt(NOW_MS + laterMs), NOW_MS + laterMs);

    expect(clock.nowMs(NOW_MS)).toBe(NOW_MS);
  });

  it('keeps what it learned while a window begins', () => {
    const clock = new UpstreamClock();
    clock.observe(idMadeAt(NOW_MS - 5), NOW_MS);

    clock.observe(idMadeAt(NOW_MS + 61_000 - 800), NOW_MS + 61_000);

    expect(clock.nowMs(NOW_MS)).toBe(NOW_MS - 5);
  });

  it.each([
    ['just before', -1],
    ['just after', 1],
  ])('reads an id made %s the number of its bits ran over', (_, offsetMs) => {
    const clock = new UpstreamClock();
    const wrapAtMs = Math.ceil(NOW_MS / WRAP_MS) * WRAP_MS;

    clock.observe(idMadeAt(wrapAtMs + offsetMs), wrapAtMs - offsetMs);

    expect(clock.nowMs(wrapAtMs)).toBe(wrapAtMs + 2 * offsetMs);
  });

  it.each(['', 'evt_', 'evt_xyz', 'no id at all', 'evt_1fd15'])('does not mind the id %j', (id) => {
    const clock = new UpstreamClock();

    clock.observe(id, NOW_MS);

    expect(clock.nowMs(NOW_MS)).toBe(NOW_MS);
  });

  it('reads the time off OpenCode’s own ids', () => {
    const [created] = readTranscript('01-plain-text');
    const info = (created?.payload.properties as { info: { time: { created: number } } } | undefined)?.info;
    const madeAtMs = info?.time.created ?? 0;
    const clock = new UpstreamClock();

    clock.observe(created?.payload.id ?? '', madeAtMs);

    expect(Math.abs(clock.nowMs(madeAtMs) - madeAtMs)).toBeLessThan(10);
  });
});
