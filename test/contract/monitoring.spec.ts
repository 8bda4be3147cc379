import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readMetricsPage } from '../support/metrics-page.js';
import { readQuery } from '../support/promql.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly id: number;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[] };
}

const FILES = 'helm/opencode-gateway/files';
const { groups } = parse(readFileSync(`${FILES}/alerts.yaml`, 'utf8')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readFileSync(`${FILES}/dashboard.json`, 'utf8')) as Dashboard;
const operations = readFileSync('docs/operations.md', 'utf8');

/** What Prometheus knows of every target that a ServiceMonitor names. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod'];
const SUFFIXES: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] };

/** Series by name, with the labels that they have. */
const series = new Map(
  readMetricsPage().flatMap(({ name, type, labels }) =>
    (SUFFIXES[type] ?? ['']).map((suffix): [string, string[]] => [
      name + suffix,
      [...labels, ...TARGET_LABELS, ...(suffix === '_bucket' ? ['le'] : [])],
    ]),
  ),
);
series.set('up', TARGET_LABELS);

/** What a query names that is not there. */
function unknownIn(promql: string): string[] {
  const { selectors, grouping } = readQuery(promql);
  const names = selectors.flatMap(({ metric, labels }) => {
    const known = series.get(metric);
    return known === undefined ? [metric] : labels.filter((label) => !known.includes(label)).map((label) => `${metric}{${label}}`);
  });
  const groupable = new Set(selectors.flatMap(({ metric }) => series.get(metric) ?? []));
  return [...names, ...grouping.filter((label) => !groupable.has(label)).map((label) => `by ${label}`)];
}

/** As Grafana fills it in. */
const filledIn = (query: string): string => query.replaceAll(/\$__(rate_interval|range)/g, '5m');

describe('readQuery', () => {
  it('finds names and labels wherever they stand', () => {
    expect(readQuery('sum by (a) (rate(m_total{b="1"}[5m])) / on (c) up > 1')).toEqual({
      selectors: [
        { metric: 'm_total', labels: ['b'] },
        { metric: 'up', labels: [] },
      ],
      grouping: ['a', 'c'],
    });
    expect(() => readQuery('sum by (')).toThrow('no PromQL');
  });

  it('has unknown names and labels told', () => {
    expect(unknownIn('opencode_gateway_turns{kind="a"} > on (nowhere) opencode_gateway_made_up')).toEqual([
      'opencode_gateway_turns{kind}',
      'opencode_gateway_made_up',
      'by nowhere',
    ]);
  });
});

describe('the alert rules', () => {
  it.each(rules)('$alert asks only for what there is', ({ expr }) => {
    expect(unknownIn(expr)).toEqual([]);
  });

  it.each(rules)('$alert says how bad it is, what it is, and where to read on', ({ alert, labels, annotations }) => {
    expect(['critical', 'warning']).toContain(labels['severity']);
    expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook_url']);
    expect(annotations['runbook_url']).toMatch(new RegExp(`/docs/operations\\.md#alerts-${alert.toLowerCase()}$`));
  });

  it('have each a paragraph of their own in the operations page, and nothing else has', () => {
    expect([...operations.matchAll(/^### Alerts: (\w+)$/gm)].map(([, name]) => name)).toEqual(rules.map(({ alert }) => alert));
  });

  it('name no target of their own making', () => {
    expect(rules.filter(({ expr }) => /\b(job|instance|namespace|pod)\s*=/.test(expr))).toEqual([]);
  });
});

describe('the dashboard', () => {
  const targets = dashboard.panels.flatMap(({ title, targets: queries = [] }) => queries.map((query) => ({ title, ...query })));

  it.each(targets)('asks in "$title" only for what there is ($legendFormat)', ({ expr, legendFormat }) => {
    const query = readQuery(filledIn(expr));
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);

    expect(unknownIn(filledIn(expr))).toEqual([]);
    // A sum has no labels but those it is grouped by.
    expect(shown.filter((label) => !query.grouping.includes(label) && (query.grouping.length > 0 || label !== 'instance'))).toEqual([]);
  });

  it('asks for the source of its data, and chooses by job and instance', () => {
    const { list } = dashboard.templating;
    expect(list.map(({ name, type }) => `${name} ${type}`)).toEqual(['datasource datasource', 'job query', 'instance query']);
    for (const { definition } of list.slice(1)) {
      const [, query = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition ?? '') ?? [];
      expect([unknownIn(query), TARGET_LABELS.includes(label)]).toEqual([[], true]);
    }
  });

  it('shows every metric of ours', () => {
    const asked = new Set(targets.flatMap(({ expr }) => readQuery(filledIn(expr)).selectors.map(({ metric }) => metric)));
    const ours = readMetricsPage().filter(({ name }) => name.startsWith('opencode_gateway_'));

    expect(ours.filter(({ name }) => ![name, `${name}_bucket`].some((each) => asked.has(each)))).toEqual([]);
  });

  it('lays its panels out side by side, none over another', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );

    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});
