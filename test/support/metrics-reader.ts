import { setTimeout as pause } from 'node:timers/promises';

/** One of our names without the prefix, and labels that its series have, among others. */
export type Series = readonly [name: string, labels?: Readonly<Record<string, string>>];

const SETTLED_AFTER_MS = 50;

/** What a gateway counts, as a scraper reads it. */
export class MetricsReader {
  constructor(
    private readonly httpUrl: string,
    private readonly token?: string,
  ) {}

  async text(): Promise<string> {
    const headers: Record<string, string> = this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
    return (await fetch(`${this.httpUrl}/metrics`, { headers })).text();
  }

  /** The sum of the series; 0 without one. */
  async sum(...series: Series): Promise<number> {
    return sumIn(await this.text(), series);
  }

  /** How much each sum grew by what happened, once none grows any more. */
  async growth(series: readonly Series[], happens: () => Promise<unknown>): Promise<number[]> {
    const before = await this.text();
    await happens();
    for (let after = await this.text(); ;) {
      await pause(SETTLED_AFTER_MS);
      const later = await this.text();
      if (series.every((each) => sumIn(later, each) === sumIn(after, each)))
        return series.map((each) => sumIn(later, each) - sumIn(before, each));
      after = later;
    }
  }
}

function sumIn(text: string, [name, labels = {}]: Series): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .map((line) => /^opencode_gateway_(\w+)(?:\{(.*)\})? (\S+)$/.exec(line))
    .filter((match) => match?.[1] === name && wanted.every((label) => match[2]?.split(/,(?=\w+=")/).includes(label)))
    .reduce((sum, match) => sum + Number(match?.[3]), 0);
}
