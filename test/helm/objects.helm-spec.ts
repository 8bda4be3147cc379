import { allowsAnonymous, readConfig, settings } from '../../src/common/config/config.js';
import { KubernetesCheck } from './kubernetes-check.js';
import { allContainers, NAMESPACE, Release, valuesFiles, type Container, type KubernetesObject } from './release.js';

const SECRET = 'hNw2tKq7vXc9mZr4pLb8';
const RECOMMENDED = ['name', 'instance', 'version', 'component', 'part-of', 'managed-by'].map((label) => `app.kubernetes.io/${label}`);
/** Such as providers of models call their keys. */
const PROVIDER_KEY = /_KEY$|_TOKEN$|^(AWS|ANTHROPIC|OPENAI|GOOGLE|AZURE)_/;
const OWN_TOKENS = ['ACCESS_TOKEN', 'A2A_BEARER_TOKEN'];

/** What Secrets hold that somebody else makes. */
function elsewhere(name: string): string {
  return name.endsWith('_URL') ? 'redis://redis.agents:6379' : SECRET;
}

function secretsOf({ env = [], envFrom = [] }: Container): string[] {
  return [
    ...env.flatMap(({ valueFrom }) => (valueFrom?.secretKeyRef === undefined ? [] : [valueFrom.secretKeyRef.name])),
    ...envFrom.flatMap(({ secretRef }) => (secretRef === undefined ? [] : [secretRef.name])),
  ];
}

describe.each(valuesFiles())('the objects of %s', (file) => {
  let release: Release;
  let objects: readonly KubernetesObject[];

  beforeAll(() => {
    release = Release.of({ file });
    objects = release.objects;
  });

  it('are such as Kubernetes takes', () => {
    const check = new KubernetesCheck();

    expect(objects.flatMap((object) => check.faultsOf(object))).toEqual([]);
  });

  it('have names of their own, the namespace of the release, and the recommended labels', () => {
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const own = objects.filter(({ metadata }) => !metadata.name.includes('of-'));

    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(own.filter(({ metadata }) => metadata.namespace !== NAMESPACE)).toEqual([]);
    expect(own.filter(({ metadata }) => RECOMMENDED.some((label) => metadata.labels?.[label] === undefined))).toEqual([]);
  });

  it('have pods under the restricted Pod Security Standard, without a token of the cluster', () => {
    for (const pod of release.pods) {
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(Object.keys(pod).filter((field) => /^host(Network|PID|IPC)$/.test(field))).toEqual([]);
    }
    for (const { securityContext } of release.pods.flatMap(allContainers).filter(({ name }) => !['clone', 'proxy'].includes(name))) {
      expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    }
  });

  it('mount what is there, and have somewhere to write', () => {
    const { volumes = [] } = release.pod;
    const claims = (release.workload['spec'] as { readonly volumeClaimTemplates?: readonly KubernetesObject[] }).volumeClaimTemplates ?? [];
    const there = new Set([...volumes.map(({ name }) => name), ...claims.map(({ metadata }) => metadata.name)]);
    const mounts = allContainers(release.pod).flatMap(({ volumeMounts = [] }) => volumeMounts);

    expect(mounts.filter(({ name }) => !there.has(name))).toEqual([]);
    expect(release.container('gateway').volumeMounts).toContainEqual({ name: 'tmp', mountPath: '/tmp' });
    expect(volumes.map(({ name }) => name).filter((name) => !mounts.some((mount) => mount.name === name))).toEqual([]);
  });

  it('find every secret that the chart makes', () => {
    const made = release.ofKind('Secret').map(({ metadata }) => metadata.name);
    const variables = release.pods.flatMap(allContainers).flatMap(({ env = [] }) => env);
    const keys = variables.flatMap(({ valueFrom }) => (valueFrom?.secretKeyRef === undefined ? [] : [valueFrom.secretKeyRef]));
    const files = (release.pod.volumes ?? []).flatMap(({ secret }) =>
      (secret?.items ?? []).map(({ key }) => ({ name: secret?.secretName ?? '', key })),
    );
    const own = [...keys, ...files].filter(({ name }) => made.includes(name));

    expect(own.filter((ref) => !release.dataOf('Secret', ref))).toEqual([]);
    expect(made.every((name) => own.some((ref) => ref.name === name) || name.endsWith('-model-keys'))).toBe(true);
  });

  it('tell keys of models to OpenCode alone', () => {
    const ofModels = ['model-keys', 'more-keys', 'openai', 'test-opencode-gateway-model-keys'];
    const others = release.pods.flatMap(allContainers).filter(({ name }) => name !== 'opencode');
    const names = others.flatMap(({ env = [] }) => env.map(({ name }) => name)).filter((name) => !(name in settings));

    expect(names.filter((name) => PROVIDER_KEY.test(name))).toEqual([]);
    expect(others.flatMap(secretsOf).filter((name) => ofModels.includes(name))).toEqual([]);
  });

  it('tell credentials of callers to nobody but the gateway and the tests', () => {
    const others = allContainers(release.pod).filter(({ name }) => name !== 'gateway');
    const names = others.flatMap(({ env = [] }) => env.map(({ name }) => name));

    expect(names.filter((name) => OWN_TOKENS.includes(name) || name === 'A2A_STORE_URL')).toEqual([]);
  });

  it('set no variable twice', () => {
    for (const { env = [] } of allContainers(release.pod)) {
      const names = env.map(({ name }) => name);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    }
  });

  it('give the gateway settings with which it starts', () => {
    const config = readConfig(release.environment(release.container('gateway'), elsewhere));

    expect(config.HOST).toBe('0.0.0.0');
    expect(allowsAnonymous(config)).toBe(file === 'sidecar-anonymous');
    expect(config.TRANSPORTS).toContain(file.endsWith('http-jwt') ? 'http' : 'grpc');
  });

  it('lead Services and policies to the gateways and to no test', () => {
    const labels = release.template.metadata.labels ?? {};
    const selectors = [
      ...release.ofKind('Service').map(({ spec }) => (spec as { readonly selector: Record<string, string> }).selector),
      ...release
        .ofKind('NetworkPolicy')
        .map(({ spec }) => (spec as { readonly podSelector: { readonly matchLabels: Record<string, string> } }).podSelector.matchLabels),
      ...release
        .ofKind('PodDisruptionBudget')
        .map(({ spec }) => (spec as { readonly selector: { readonly matchLabels: Record<string, string> } }).selector.matchLabels),
      (release.workload['spec'] as { readonly selector: { readonly matchLabels: Record<string, string> } }).selector.matchLabels,
    ];
    const selects = (selector: Record<string, string>, of: Readonly<Record<string, string>> = {}) =>
      Object.entries(selector).every(([label, value]) => of[label] === value);

    expect(selectors.every((selector) => selects(selector, labels))).toBe(true);
    expect(selectors.some((selector) => release.tests.some(({ metadata }) => selects(selector, metadata.labels)))).toBe(false);
  });

  it('send every port of a Service to one of the gateway', () => {
    const ports = (release.container('gateway').ports ?? []).map(({ name }) => name);
    const services = release
      .ofKind('Service')
      .map(({ spec }) => spec as { readonly ports: readonly { readonly name: string; readonly targetPort: string }[] });

    expect(services.length).toBe(2);
    for (const { ports: served } of services) expect(served.map(({ targetPort }) => targetPort)).toEqual(ports);
  });

  it('wait longer for a pod to end than the gateway does', () => {
    const { DRAIN_DELAY_MS = '', DRAIN_TIMEOUT_MS = '' } = release.environment(release.container('gateway'), elsewhere);
    const { preStop } = (release.container('gateway').lifecycle ?? {}) as {
      readonly preStop?: { readonly sleep: { readonly seconds: number } };
    };
    const drainS = (Number(DRAIN_DELAY_MS) + Number(DRAIN_TIMEOUT_MS)) / 1_000 + (preStop?.sleep.seconds ?? 0);

    expect(drainS).toBeGreaterThan(0);
    expect(release.pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drainS + 10);
  });
});
