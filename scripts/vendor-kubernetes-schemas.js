/**
 * Renews test/helm/schemas: what Kubernetes and three extensions of it take, as far as the chart uses them, without descriptions.
 * Needs Go, which fetches the modules that have them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { run } from './toolchain.js';

const KUBERNETES = 'k8s.io/kubernetes@v1.36.3';
const PROMETHEUS = 'github.com/prometheus-operator/prometheus-operator@v0.85.0';
const GATEWAY_API = 'sigs.k8s.io/gateway-api@v1.5.1';

const KINDS = [
  'apps/v1/Deployment',
  'apps/v1/StatefulSet',
  'autoscaling/v2/HorizontalPodAutoscaler',
  'networking.k8s.io/v1/Ingress',
  'networking.k8s.io/v1/NetworkPolicy',
  'policy/v1/PodDisruptionBudget',
  ...['ConfigMap', 'Pod', 'Secret', 'Service', 'ServiceAccount'].map((kind) => `v1/${kind}`),
];
const EXTENSIONS = [
  [PROMETHEUS, 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml'],
  [PROMETHEUS, 'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml'],
  [GATEWAY_API, 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  [GATEWAY_API, 'config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml'],
];
const TYPES_OF_ANY_FORM = ['IntOrString', 'Quantity'];
const schemas = join('test', 'helm', 'schemas');

function readModuleFile(module, path) {
  const { Dir } = JSON.parse(run('go', ['mod', 'download', '-json', module]));
  return readFileSync(join(Dir, path), 'utf8');
}

/** A schema without words, and closed: the API server warns of unknown fields, and drops them. */
function strict(schema) {
  if (schema === null || typeof schema !== 'object') return schema;
  if (Array.isArray(schema)) return schema.map(strict);
  const kept = Object.entries(schema).filter(([key, value]) => typeof value === 'object' || !/^(description|x-kubernetes-.*)$/.test(key));
  const closed = Object.fromEntries(kept.filter(([key]) => !key.startsWith('x-kubernetes-')).map(([key, value]) => [key, strict(value)]));
  return typeof schema.properties === 'object' && schema.additionalProperties === undefined
    ? { ...closed, additionalProperties: false }
    : closed;
}

function referencesIn(schema) {
  return [...JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, name]) => name);
}

function kubernetesSchemas() {
  const { definitions } = JSON.parse(readModuleFile(KUBERNETES, 'api/openapi-spec/swagger.json'));
  const names = Object.keys(definitions);
  const kinds = Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      names.find((name) =>
        (definitions[name]['x-kubernetes-group-version-kind'] ?? []).some(
          (known) => [known.group, known.version, known.kind].filter((word) => word !== '').join('/') === kind,
        ),
      ),
    ]),
  );
  const used = new Map();
  const waiting = Object.values(kinds);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (used.has(name)) continue;
    const isOfAnyForm = TYPES_OF_ANY_FORM.some((type) => name.endsWith(`.${type}`));
    const schema = isOfAnyForm ? { type: ['string', 'number'] } : strict(definitions[name]);
    used.set(name, schema);
    waiting.push(...referencesIn(schema));
  }
  return { kinds, definitions: Object.fromEntries([...used].sort(([left], [right]) => (left < right ? -1 : 1))) };
}

/** The definition of an extension, as a cluster takes it, with its first version alone. */
function extension([module, path]) {
  const { apiVersion, kind, metadata, spec } = parse(readModuleFile(module, path));
  const [version] = spec.versions;
  const annotations = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([name]) => name.startsWith('api-approved')));
  return { apiVersion, kind, metadata: { name: metadata.name, annotations }, spec: { ...spec, versions: [withoutWords(version)] } };
}

function withoutWords(value) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withoutWords);
  const kept = Object.entries(value).filter(([key, inner]) => key !== 'description' || typeof inner === 'object');
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutWords(inner)]));
}

/** One entry a line, so that a renewal can be read. */
function lines(entries, indent) {
  return entries.map((entry) => `${indent}${entry}`).join(',\n');
}

const { kinds, definitions } = kubernetesSchemas();
const told = Object.entries(definitions).map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`);
writeFileSync(
  join(schemas, 'kubernetes.json'),
  `{\n  "kinds": ${JSON.stringify(kinds)},\n  "definitions": {\n${lines(told, '    ')}\n  }\n}\n`,
);
const extensions = EXTENSIONS.map((source) => JSON.stringify(extension(source)));
writeFileSync(join(schemas, 'extensions.json'), `[\n${lines(extensions, '  ')}\n]\n`);
writeFileSync(
  join(schemas, 'README.md'),
  `# Schemas

What the chart's objects are compared with, made by \`node scripts/vendor-kubernetes-schemas.js\` of ${KUBERNETES}, ${PROMETHEUS} and
${GATEWAY_API}, all under the Apache License 2.0: of their kinds those that the chart uses, without descriptions.
`,
);
