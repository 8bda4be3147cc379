import { parser } from '@prometheus-io/lezer-promql';

/** A metric that a query asks for, and the labels by which it chooses its series. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

export interface Query {
  readonly selectors: readonly Selector[];
  /** By which it groups or matches. */
  readonly grouping: readonly string[];
}

/** What a query in PromQL names. @throws Error when it is none */
export function readQuery(promql: string): Query {
  const selectors: { metric: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  parser.parse(promql).iterate({
    enter: ({ type, from, to, node }) => {
      const text = promql.slice(from, to);
      if (type.isError) throw new Error(`no PromQL from character ${from} on: ${promql}`);
      if (type.name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      const selector = selectors.at(-1);
      if (type.name === 'Identifier' && selector !== undefined) selector.metric = text;
      if (type.name !== 'LabelName') return;
      if (node.parent?.name === 'GroupingLabels') grouping.push(text);
      else selector?.labels.push(text);
    },
  });
  return { selectors, grouping };
}
