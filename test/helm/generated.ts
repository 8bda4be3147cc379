import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings } from '../../src/common/config/config.js';
import { chartVariables, NOT_IN_THE_CHART, readChart } from './chart.js';
import { completedValuesSchema, type Definitions, type JsonSchema } from './values-schema.js';
import { withValuesTable } from './values-table.js';

const SCHEMAS = join('test', 'helm', 'schemas');

/** What Kubernetes takes: the kinds that the chart uses, and of what they are made. */
export interface KubernetesSchemas {
  /** `apps/v1/Deployment` → the name of its definition. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Definitions;
}

/** The definition of a kind that is not Kubernetes' own. */
export interface Extension {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: JsonSchema } }[];
  };
}

export const readKubernetesSchemas = (): KubernetesSchemas => readSchemas('kubernetes.json') as KubernetesSchemas;
export const readExtensions = (): readonly Extension[] => readSchemas('extensions.json') as readonly Extension[];

function readSchemas(file: string): unknown {
  return JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8'));
}

/** Files of the chart that are made of others, as they should stand. */
export function generatedFiles(): Readonly<Record<'values.schema.json' | 'README.md', string>> {
  const own = new Set([...chartVariables(), ...Object.keys(NOT_IN_THE_CHART)]);
  const others = Object.keys(settings).filter((name) => !own.has(name));
  return {
    'values.schema.json': completedValuesSchema(readChart('values.schema.json'), others, definitions()),
    'README.md': withValuesTable(readChart('README.md'), readChart('values.yaml')),
  };
}

function definitions(): Definitions {
  const [monitor, , route] = readExtensions();
  return {
    ...readKubernetesSchemas().definitions,
    tlsConfig: closed(partOf(monitor, 'spec', 'endpoints', 'tlsConfig')),
    relabeling: closed(partOf(monitor, 'spec', 'endpoints', 'metricRelabelings')),
    parentRef: closed(partOf(route, 'spec', 'parentRefs')),
  };
}

/** A part of an extension's schema; of a list, what its items are. */
function partOf(extension: Extension | undefined, ...path: readonly string[]): JsonSchema {
  let schema = extension?.spec.versions[0]?.schema.openAPIV3Schema;
  for (const name of path) {
    const properties = schema?.['properties'] as Definitions | undefined;
    schema = properties?.[name];
    schema = (schema?.['items'] as JsonSchema | undefined) ?? schema;
  }
  if (schema === undefined) throw new Error(`no schema has ${path.join('.')}`);
  return schema;
}

/** Without Kubernetes' own keywords, and refusing what is not named. */
export function closed<Value>(value: Value): Value {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(closed) as Value;
  const kept = Object.entries(value).filter(([key]) => !key.startsWith('x-kubernetes-'));
  const inner = Object.fromEntries(kept.map(([key, part]) => [key, closed(part as unknown)]));
  const isOpen = !('properties' in value) || 'additionalProperties' in value || 'x-kubernetes-preserve-unknown-fields' in value;
  return (isOpen ? inner : { ...inner, additionalProperties: false }) as Value;
}
