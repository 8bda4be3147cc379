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
  /** Words of what the kit says about it: a test that fails for another reason is not excused. */
  readonly says: string;
  readonly reason: string;
}

const FORM = 'runs outcome test "what the kit says" # reason';
const LINE = /^(?<runs>\S+)\s+(?<outcome>failed|xfailed|skipped)\s+(?<test>\S+)\s+"(?<says>[^"]+)"\s+#\s+(?<reason>\S.*)$/;

/**
 * The list in allowed-failures.txt: `runs outcome test "what the kit says" # reason`, where runs are names with commas between.
 * A line of `#` is a comment.
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
  const { runs = '', outcome, test = '', says = '', reason = '' } = LINE.exec(line)?.groups ?? {};
  if (outcome === undefined) throw new Error(`not ${FORM}: ${line}`);
  return { runs: runs.split(','), outcome: outcome as Outcome, test, says, reason };
}

/** What is wrong with a run: what does not pass and is not listed so, and what is listed and is not so any more. */
export function complaintsAbout(run: string, results: ReadonlyMap<string, Result>, allowances: readonly Allowance[]): string[] {
  const listed = new Map(allowances.filter(({ runs }) => runs.includes(run)).map((allowance) => [allowance.test, allowance]));
  const notListed = [...results]
    .filter(([test, { outcome }]) => outcome !== 'passed' && !listed.has(test))
    .map(([test, result]) => `${test} ${toText(result)}`);
  const notTrue = [...listed.values()].flatMap(({ test, outcome, says }) => {
    const now = results.get(test);
    if (now === undefined) return [`${test} is listed, and the kit has no such test`];
    return now.outcome === outcome && now.detail.includes(says)
      ? []
      : [`${test} is listed as ${outcome} with "${says}", and ${toText(now)}`];
  });
  return [...notListed, ...notTrue];
}

/** The end of what the kit says is what it found; before that stands where. */
function toText({ outcome, detail }: Result): string {
  const last = detail.trim().split('\n').at(-1) ?? '';
  return last === '' ? outcome : `${outcome}: ${last}`;
}
