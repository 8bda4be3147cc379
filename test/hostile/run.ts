import { Attacker, type Target } from './play.js';

export interface Result {
  /** By kind and answer. */
  readonly counts: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
}

const LANES = 12;

/** Plays a number of cases from a seed on. The same seed makes the same cases; a case's own seed repeats it alone. */
export async function attack(
  target: Target,
  seed: number,
  cases: number,
  onCase: (done: number) => void = () => undefined,
): Promise<Result> {
  const attacker = new Attacker(target);
  const counts = new Map<string, number>();
  const violations: string[] = [];
  let begun = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (begun < cases) {
      const own = seed + begun++;
      const { kind, answer, violation } = await attacker.play(own);
      const key = `${kind} ${answer}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (violation !== undefined) violations.push(`--seed ${own} --cases 1 (${kind}): ${violation}`);
      onCase(++done);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  attacker.close();
  return { counts, violations };
}

export function describeResult({ counts, violations }: Result): string {
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, count]) => `  ${key}: ${count}`);
  return [...rows, ...violations, `${violations.length} violations`].join('\n');
}
