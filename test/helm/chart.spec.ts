import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings } from '../../src/common/config/config.js';
import { packageVersion } from '../../src/common/config/package-version.js';
import { chartVariables, NOT_IN_THE_CHART, readChart } from './chart.js';
import { generatedFiles } from './generated.js';
import { valuesFiles } from './release.js';
import { documentedValues } from './values-table.js';

type Values = Record<string, unknown>;

const schema = JSON.parse(readChart('values.schema.json')) as {
  readonly properties: { readonly settings: { readonly properties: Values } };
};
const byDefault = parse(readChart('values.yaml')) as Values;

/** As helm does it: over the defaults, and null takes away. */
function over(defaults: Values, given: Values): Values {
  const merged = { ...defaults };
  for (const [key, value] of Object.entries(given)) {
    const present = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isValues(present) && isValues(value) ? over(present, value) : value;
  }
  return merged;
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valuesOf(file: string): Values {
  return (parse(readFileSync(join('test', 'helm', 'values', `${file}.yaml`), 'utf8')) ?? {}) as Values;
}

/** `a.b.c` set to the value. */
function at(path: string, value: unknown): Values {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Values;
}

describe('the values of the chart', () => {
  let validate: ValidateFunction;

  beforeAll(() => {
    validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
  });

  function complaintsAbout(given: Values): string[] {
    validate(over(byDefault, given));
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  it('are good by default', () => {
    expect(complaintsAbout({})).toEqual([]);
  });

  it.each(valuesFiles())('are good in %s', (file) => {
    expect(complaintsAbout(valuesOf(file))).toEqual([]);
  });

  it('may come from a chart that has this one as a part', () => {
    expect(complaintsAbout({ global: { anything: { goes: true } } })).toEqual([]);
  });

  it.each([
    ['mode', 'embedded'],
    ['replicas', -1],
    ['replicas', '3'],
    ['gateway.transports', []],
    ['gateway.transports', ['http', 'soap']],
    ['gateway.logLevel', 'verbose'],
    ['gateway.grpcPort', 443],
    ['gateway.resources', { memory: '1Gi' }],
    ['gateway.extraEnv', [{ nmae: 'A', value: 'b' }]],
    ['settings', { MAX_STREAM: 1 }],
    ['settings', { HOST: '0.0.0.0' }],
    ['settings', { ACCESS_TOKEN: 'a-secret-in-the-clear' }],
    ['settings', { OPENCODE_BIN: '/bin/opencode' }],
    ['settings', { A2A_PORT: 8000 }],
    ['access.token.value', 'short'],
    ['access.tokensFile.tokens', [{ name: 'ci', sha256: 'not a hash', scopes: ['read'] }]],
    ['access.tokensFile.tokens', [{ name: 'ci', sha256: '0'.repeat(64), scopes: ['everything'] }]],
    ['access.certificatesFile.certificates', [{ subject: 'ci', scopes: [] }]],
    ['access.token.existingSecret.name', 'Not A Name'],
    ['access.adopt', 'second'],
    ['a2a.store.url', 'postgres://db'],
    ['drain.delayMs', '5s'],
    ['opencode.baseUrl', 'opencode:4096'],
    ['opencode.modelKeys.values', { 'anthropic key': 'a' }],
    ['workspace.path', 'relative'],
    ['data.accessModes', ['ReadWriteMany']],
    ['service.grpc.port', 70_000],
    ['ingress.http.hosts', ''],
    ['gatewayApi.httpRoute.parentRefs', [{ nmae: 'public' }]],
    ['networkPolicy.from', [{ podSelektor: {} }]],
    ['podDisruptionBudget.maxUnavailable', 0],
    ['autoscaling.behavior', { scaleSideways: {} }],
    ['monitoring.serviceMonitor.tlsConfig', { insecure: true }],
    ['monitoring.serviceMonitor.interval', 30],
    ['tracing', { EXPORTER: 'otlp' }],
    ['pod.securityContext', { runAsRoot: true }],
    ['pod.affinity', { nodeAfinity: {} }],
    ['pod.terminationGracePeriodSeconds', 0],
  ])('are refused with %s: %j', (path, value) => {
    expect(complaintsAbout(at(path, value))).not.toEqual([]);
  });

  it('are refused with a key that nothing knows, wherever it stands', () => {
    const groups = [[], ...groupsIn(byDefault)].filter((path) => !isFree(path));

    const taken = groups.filter((path) => complaintsAbout(at([...path, 'unheardOf'].join('.'), 'x')).length === 0);

    expect(taken).toEqual([]);
    expect(groups.length).toBeGreaterThan(40);
  });

  it('are each explained, and stand in the table of the README', () => {
    const files = generatedFiles();

    expect(readChart('README.md')).toBe(files['README.md']);
    expect(documentedValues(readChart('values.yaml')).map(({ path }) => path)).toContain('opencode.modelKeys.existingSecret');
  });

  it('must be explained', () => {
    expect(() => documentedValues('# -- a\na: 1\nb:\n  c: 2\n')).toThrow('nothing says what b.c is');
  });

  it('are compared with a schema that is up to date with the settings and with Kubernetes', () => {
    expect(readChart('values.schema.json')).toBe(generatedFiles()['values.schema.json']);
  });
});

describe('the settings of the gateway', () => {
  it('are all that the chart gives it', () => {
    expect(chartVariables().filter((name) => !(name in settings))).toEqual([]);
  });

  it('can all be given, each in one way', () => {
    const ways = [...chartVariables(), ...Object.keys(schema.properties.settings.properties), ...Object.keys(NOT_IN_THE_CHART)];

    expect([...ways].sort()).toEqual(Object.keys(settings).sort());
  });
});

describe('the chart', () => {
  it('is of the version of the gateway', () => {
    const { appVersion } = parse(readChart('Chart.yaml')) as { readonly appVersion: string };

    expect(appVersion).toBe(packageVersion());
  });
});

/** Every map of the defaults, as a path. */
function groupsIn(values: Values, path: readonly string[] = []): (readonly string[])[] {
  const inner = Object.entries(values).filter((entry): entry is [string, Values] => isValues(entry[1]));
  return inner.flatMap(([key, value]) => [[...path, key], ...groupsIn(value, [...path, key])]);
}

/** Maps whose keys are the user's: labels, annotations, OpenCode's own configuration, quantities, selectors. */
function isFree(path: readonly string[]): boolean {
  const last = path.at(-1) ?? '';
  return /^(common)?(Labels|Annotations|labels|annotations|nodeSelector)$/.test(last) || ['config', 'requests', 'limits'].includes(last);
}
