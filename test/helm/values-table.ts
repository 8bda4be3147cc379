import { isMap, isPair, isScalar, parseDocument, type Pair, type ParsedNode, type YAMLMap } from 'yaml';

/** A value of the chart: where it is, what it is by default, what it does. */
export interface DocumentedValue {
  readonly path: string;
  readonly fallback: unknown;
  readonly meaning: string;
}

const MARK = /^ -- /;

/** The values that a comment `# -- …` explains. A map that has one is explained as a whole. Throws on what nothing explains. */
export function documentedValues(yaml: string): DocumentedValue[] {
  const { contents } = parseDocument(yaml);
  return isMap(contents) ? inMap(contents, [], contents.commentBefore) : [];
}

/** The comment before the first key of a map stands before the map. */
function inMap(map: YAMLMap, path: readonly string[], first: string | null | undefined): DocumentedValue[] {
  return map.items.flatMap((pair, index) =>
    isPair(pair) ? inPair(pair as Pair<ParsedNode, ParsedNode>, path, index === 0 ? first : null) : [],
  );
}

function inPair(
  { key, value }: Pair<ParsedNode, ParsedNode | null>,
  path: readonly string[],
  before: string | null | undefined,
): DocumentedValue[] {
  const name = isScalar(key) ? String(key.value) : '';
  const here = [...path, name];
  const meaning = [before, key.commentBefore].find((comment) => MARK.test(comment ?? ''));
  if (typeof meaning === 'string') return [{ path: here.join('.'), fallback: value?.toJSON(), meaning: meaning.replace(MARK, '').trim() }];
  if (isMap(value) && value.items.length > 0) return inMap(value, here, value.commentBefore);
  throw new Error(`values.yaml: nothing says what ${here.join('.')} is; begin a comment before it with "# -- "`);
}

/** The table of the chart's README. */
export function valuesTable(yaml: string): string {
  const rows = documentedValues(yaml).map(
    ({ path, fallback, meaning }) => `| \`${path}\` | ${shown(fallback)} | ${meaning.replaceAll('|', '\\|')} |`,
  );
  return ['| value | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function shown(fallback: unknown): string {
  if (fallback === '' || fallback === null || fallback === undefined) return '–';
  return `\`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\``;
}

/** The README with the table between its marks. */
export function withValuesTable(readme: string, yaml: string): string {
  return readme.replace(
    /(<!-- values -->\n)[^]*(<!-- \/values -->)/,
    (_, begin: string, end: string) => `${begin}\n${valuesTable(yaml)}\n\n${end}`,
  );
}
