import { FRAME_FAULTS } from './faults.js';
import { MISBEHAVIOURS } from './faulty-session.js';
import { planOf, sceneOf } from './schedule.js';

const seeds = Array.from({ length: 1_000 }, (_, index) => index);

describe('the schedule', () => {
  it('is made of its seed alone', () => {
    expect(seeds.map(planOf)).toEqual(seeds.map(planOf));
    expect(new Set(seeds.map((seed) => JSON.stringify({ ...planOf(seed), seed: 0 }))).size).toBeGreaterThan(900);
  });

  it('has every fault within a thousand runs', () => {
    const plans = seeds.map(planOf);
    const kinds = new Set(plans.flatMap(({ faults }) => faults.map(({ fault }) => fault.kind)));
    const misbehaviours = new Set(
      plans.flatMap(({ sessions }) => sessions.flatMap(({ prompts }) => prompts.map((prompt) => prompt.misbehaviour))),
    );

    expect([...kinds].sort()).toEqual([...FRAME_FAULTS, 'cut-call', 'delay-call', 'kill-gateway', 'kill-opencode'].sort());
    expect([...misbehaviours]).toEqual(expect.arrayContaining([...MISBEHAVIOURS]));
    expect(seeds.filter((seed) => sceneOf(seed) === 'calm').length).toBeGreaterThan(850);
  });
});
