import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import { drawTrace, isChosen, toTraceId } from './trace-draw.js';

const DRAWS = 2_000;

describe('a drawn trace', () => {
  it.each([0, 0.01, 0.5, 0.99, 1])('is chosen as the SDK would choose its id, with a ratio of %p', (ratio) => {
    const sampler = new TraceIdRatioBasedSampler(ratio);
    const isSampled = (id: string): boolean => sampler.shouldSample(ROOT_CONTEXT, id).decision !== SamplingDecision.NOT_RECORD;
    const edges = [0, 1, -1, 0x7fffffff, -0x80000000, Math.floor(ratio * 0xffffffff), Math.floor(ratio * 0xffffffff) - 1];
    const draws = [...edges, ...Array.from({ length: DRAWS }, drawTrace)];

    expect(draws.filter((drawn) => isChosen(drawn, ratio) !== isSampled(toTraceId(drawn)))).toEqual([]);
  });

  it('is chosen as often as is asked for', () => {
    const chosen = Array.from({ length: 100_000 }, drawTrace).filter((drawn) => isChosen(drawn, 0.01)).length;

    // A thousand are due; six standard deviations are 189.
    expect(Math.abs(chosen - 1_000)).toBeLessThan(189);
  });

  it('has an id of its own, however alike two are', () => {
    const ids = Array.from({ length: DRAWS }, () => toTraceId(7));

    expect(new Set(ids).size).toBe(DRAWS);
    expect(ids.filter((id) => !/^[\da-f]{32}$/.test(id))).toEqual([]);
  });
});
