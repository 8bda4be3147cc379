/** One line of the result. */
export interface Row {
  readonly what: string;
  readonly gateway: string;
  /** What it is compared with, in the same run. */
  readonly comparedWith: string;
  readonly result: string;
  readonly throughput: string;
  readonly target: string;
  /** Undefined: there is no target. */
  readonly reached: boolean | undefined;
}

const HEADINGS = ['Measurement', 'Gateway', 'Compared with', 'Result', 'Throughput', 'Target', 'Reached'];

/** Rows as a Markdown table. */
export function toMarkdown(rows: readonly Row[]): string {
  const lines = rows.map(({ what, gateway, comparedWith, result, throughput, target, reached }) => [
    what,
    gateway,
    comparedWith,
    result,
    throughput,
    target,
    reached === undefined ? '–' : reached ? 'yes' : 'no',
  ]);
  return [HEADINGS, HEADINGS.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Nearest rank; NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
