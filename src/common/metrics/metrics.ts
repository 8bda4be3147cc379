import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const PREFIX = 'opencode_gateway_';
/** Node's own watch of its event loop wakes the process so often: every 10 ms would cost half a percent of a core (measured). */
const LOOP_WATCH_MS = 20;

/** They list every socket at each scrape, and half of them are gauges that call themselves totals. */
const UNWANTED = ['resources', 'handles', 'requests'].flatMap((what) => [`nodejs_active_${what}`, `nodejs_active_${what}_total`]);

/** A number with what tells it from its like. */
export interface Sample<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

type Read<Label extends string> = () => number | Iterable<Sample<Label>>;

/** Numbers whose names begin alike. */
export class Numbers {
  constructor(
    /** All that is counted, whatever its name. */
    readonly registry: Registry,
    private readonly prefix: string,
  ) {}

  /** A counter that its owner increments. The name ends in `_total`. */
  counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    return new Counter(this.toOptions(name, help, labelNames));
  }

  /** How often values up to each of the limits were observed. */
  histogram<Label extends string>(
    name: string,
    help: string,
    limits: readonly number[],
    labelNames: readonly Label[] = [],
  ): Histogram<Label> {
    return new Histogram({ ...this.toOptions(name, help, labelNames), buckets: [...limits] });
  }

  /** A count that its owner keeps; it is read when somebody asks. */
  readCounter<Label extends string = never>(name: string, help: string, read: Read<Label>, labelNames: readonly Label[] = []): void {
    const counter: Counter<Label> = new Counter({
      ...this.toOptions(name, help, labelNames),
      collect: () => {
        counter.reset();
        for (const { labels, value } of samplesOf(read)) counter.inc(labels, value);
      },
    });
  }

  /** A state; it is read when somebody asks. */
  readGauge<Label extends string = never>(name: string, help: string, read: Read<Label>, labelNames: readonly Label[] = []): void {
    const gauge: Gauge<Label> = new Gauge({
      ...this.toOptions(name, help, labelNames),
      collect: () => {
        gauge.reset();
        for (const { labels, value } of samplesOf(read)) gauge.inc(labels, value);
      },
    });
  }

  private toOptions<Label extends string>(name: string, help: string, labelNames: readonly Label[]) {
    return { name: this.prefix + name, help, labelNames: [...labelNames], registers: [this.registry] };
  }
}

/**
 * The gateway's numbers, for Prometheus. Names begin with `opencode_gateway_`; label values are few and never an id.
 *
 * What is counted on a hot path is counted in plain numbers and read when somebody asks.
 */
@Injectable()
export class Metrics extends Numbers {
  /** Those with the very names of a predecessor, which dashboards know. */
  readonly unprefixed: Numbers;

  constructor() {
    super(new Registry(), PREFIX);
    this.unprefixed = new Numbers(this.registry, '');
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LOOP_WATCH_MS });
    for (const name of UNWANTED) this.registry.removeSingleMetric(name);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything, in the text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}

function samplesOf<Label extends string>(read: Read<Label>): Iterable<Sample<Label>> {
  const value = read();
  return typeof value === 'number' ? [{ labels: {} as Sample<Label>['labels'], value }] : value;
}
