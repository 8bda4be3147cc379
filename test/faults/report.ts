import type { RunPlan } from './schedule.js';
import type { RunResult } from './run.js';

/** What came out of many runs. */
export class Report {
  private readonly results: RunResult[] = [];
  private readonly strays: string[] = [];

  add(result: RunResult): void {
    this.results.push(result);
  }

  /** Something broke that belongs to no run: a rejection nobody handles, a run that could not be played. */
  addStray(what: string): void {
    this.strays.push(what);
  }

  get failures(): RunResult[] {
    return this.results.filter(({ violations }) => violations.length > 0);
  }

  get isGood(): boolean {
    return this.failures.length === 0 && this.strays.length === 0;
  }

  toText(): string {
    const struck = new Map<string, number>();
    for (const kind of this.results.flatMap((result) => result.struck)) struck.set(kind, (struck.get(kind) ?? 0) + 1);
    const kinds = [...struck].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${kind} ${count}`);
    const resumes = this.sum(({ resumes }) => resumes);
    const resyncs = this.sum(({ resyncs }) => resyncs);
    return [
      ...(this.failures.length > 0 ? [`failed seeds: ${this.failures.map(({ plan }) => plan.seed).join(', ')}`] : []),
      ...this.strays.map((stray) => `STRAY ${stray}`),
      `${this.results.length} runs, ${this.failures.length} failed, ${this.strays.length} strays, ${Math.round(this.sum(({ ms }) => ms) / this.results.length)} ms a run`,
      `${this.sum(({ durableEvents }) => durableEvents)} durable events, ${this.sum(({ readers }) => readers)} readers, ${resumes} resumes, ${resyncs} resyncs`,
      `faults that struck: ${kinds.join(', ')}`,
    ].join('\n');
  }

  private sum(of: (result: RunResult) => number): number {
    return this.results.reduce((sum, result) => sum + of(result), 0);
  }
}

/** A failed run with all that is needed to look at it again. */
export function describeFailure({ plan, violations, struck }: RunResult): string {
  return [
    `FAILED --seed ${plan.seed} --runs 1`,
    ...violations.map((violation) => `  ${violation}`),
    `  struck: ${struck.join(', ')}`,
    ...describePlan(plan).map((line) => `  ${line}`),
  ].join('\n');
}

function describePlan({ sessions, faults }: RunPlan): string[] {
  return [
    `faults: ${JSON.stringify(faults)}`,
    ...sessions.flatMap(({ prompts, readers }, index) => [
      ...prompts.map((prompt) => `session ${index} prompt: ${JSON.stringify(prompt)}`),
      ...readers.map((reader) => `session ${index} reader: ${JSON.stringify(reader)}`),
    ]),
  ];
}
