/** What came of a test of the conformance kit. `xfailed`: it does not hold, and the specification only advises it. */
export type Outcome = 'passed' | 'failed' | 'xfailed' | 'skipped';

export interface Result {
  readonly outcome: Outcome;
  /** What the kit says about it. */
  readonly detail: string;
}

/** A test that need not pass, and why. */
export interface Allowance {
  /** Names of the runs it is for. */
  readonly runs: readonly string[];
  readonly outcome: Outcome;
  readonly test: string;
  readonly reason: string;
}

const LINE = /^(?<runs>\S+)\s+(?<outcome>failed|xfailed|skipped)\s+(?<test>\S+)\s+#\s+(?<reason>\S.*)$/;

/**
 * The list in allowed-failures.txt: `runs outcome test # reason`, where runs are names with commas between. A line of `#` is a comment.
 *
 * @throws Error for a line that is not of this form, and for a test that stands there twice for one run
 */
export function parseAllowances(text: string): Allowance[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const allowances = lines.map(parseLine);
  const seen = new Set<string>();
  for (const { runs, test } of allowances) {
    for (const run of runs) {
      const key = `${run} ${test}`;
      if (seen.has(key)) throw new Error(`${test} stands twice for ${run}`);
      seen.add(key);
    }
  }
  return allowances;
}

function parseLine(line: string): Allowance {
  const { runs = '', outcome, test = '', reason = '' } = LINE.exec(line)?.groups ?? {};
  if (outcome === undefined) throw new Error(`not "runs outcome test # reason": ${line}`);
  return { runs: runs.split(','), outcome: outcome as Outcome, test, reason };
}

/** What is wrong with a run: what does not pass and is not listed so, and what is listed and is not so any more. */
export function complaintsAbout(run: string, results: ReadonlyMap<string, Result>, allowances: readonly Allowance[]): string[] {
  const listed = new Map(allowances.filter(({ runs }) => runs.includes(run)).map(({ test, outcome }) => [test, outcome]));
  const notListed = [...results]
    .filter(([test, { outcome }]) => outcome !== 'passed' && !listed.has(test))
    .map(([test, { outcome, detail }]) => `${test} ${outcome}: ${detail}`);
  const notTrue = [...listed].flatMap(([test, outcome]) => {
    const now = results.get(test);
    if (now === undefined) return [`${test} is listed, and the kit has no such test`];
    return now.outcome === outcome ? [] : [`${test} is listed as ${outcome}, and ${now.outcome}: ${now.detail}`];
  });
  return [...notListed, ...notTrue];
}
