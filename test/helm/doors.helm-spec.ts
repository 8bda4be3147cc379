import { parse } from 'yaml';
import { readChart } from './chart.js';
import { notesOf, Release } from './release.js';

const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

interface Peers {
  readonly to?: readonly unknown[];
  readonly from?: readonly unknown[];
  readonly ports?: readonly { readonly port: number | string; readonly protocol: string }[];
}

interface Policy {
  readonly policyTypes: readonly string[];
  readonly ingress: readonly Peers[];
  readonly egress: readonly Peers[];
}

function probesOf(release: Release) {
  const container = release.container('gateway');
  return PROBES.map((probe) => Object.entries(container[probe] ?? {}).find(([action]) => ['httpGet', 'grpc', 'exec'].includes(action)));
}

describe('probes', () => {
  it.each([
    ['sidecar', ['httpGet', { path: '/livez', port: 'http', scheme: 'HTTP' }], ['grpc', { port: 8080 }]],
    [
      'sidecar-tls',
      ['httpGet', { path: '/livez', port: 'http', scheme: 'HTTPS' }],
      ['httpGet', { path: '/readyz', port: 'http', scheme: 'HTTPS' }],
    ],
    [
      'remote-http-jwt',
      ['httpGet', { path: '/livez', port: 'http', scheme: 'HTTP' }],
      ['httpGet', { path: '/readyz', port: 'http', scheme: 'HTTP' }],
    ],
    ['sidecar-grpc', ['exec', { command: ['opencode-gateway', 'healthcheck'] }], ['grpc', { port: 8080 }]],
    [
      'remote-tls-grpc',
      ['exec', { command: ['opencode-gateway', 'healthcheck'] }],
      ['exec', { command: ['opencode-gateway', 'healthcheck', '--ready'] }],
    ],
  ])('ask %s for its life without its upstream, and for its readiness with it', (file, life, readiness) => {
    expect(probesOf(Release.of({ file }))).toEqual([life, life, readiness]);
  });

  it('ask where the operator says', () => {
    const by = (readinessBy: string) => probesOf(Release.of({ values: { 'gateway.probes.readinessBy': readinessBy } }))[2]?.[0];

    expect(['grpc', 'http', 'exec'].map(by)).toEqual(['grpc', 'httpGet', 'exec']);
    expect(() => Release.of({ file: 'sidecar-tls', values: { 'gateway.probes.readinessBy': 'grpc' } })).toThrow('without TLS alone');
    expect(() => Release.of({ file: 'sidecar-grpc', values: { 'gateway.probes.readinessBy': 'http' } })).toThrow('needs http');
  });
});

describe('Services', () => {
  const ports = (release: Release) =>
    release
      .ofKind('Service')
      .map(({ spec }) => (spec as { readonly ports: readonly { readonly name: string; readonly appProtocol: string }[] }).ports);

  it.each([
    [
      'sidecar',
      [
        ['grpc', 'kubernetes.io/h2c'],
        ['http', 'http'],
      ],
    ],
    [
      'sidecar-tls',
      [
        ['grpc', 'https'],
        ['http', 'https'],
      ],
    ],
    [
      'sidecar-everything',
      [
        ['grpc', 'grpc'],
        ['http', 'http'],
      ],
    ],
    ['sidecar-grpc', [['grpc', 'kubernetes.io/h2c']]],
    ['remote-http-jwt', [['http', 'http']]],
  ])('of %s say how each port speaks', (file, expected) => {
    for (const served of ports(Release.of({ file }))) expect(served.map(({ name, appProtocol }) => [name, appProtocol])).toEqual(expected);
  });

  it('are one with an address, and one that tells clients all pods', () => {
    const [service, headless] = Release.of({ file: 'remote' }).ofKind('Service');

    expect(service?.['spec']).not.toHaveProperty('clusterIP');
    expect(headless).toMatchObject({ metadata: { name: 'test-opencode-gateway-headless' }, spec: { clusterIP: 'None' } });
  });
});

describe('an Ingress', () => {
  const ingress = (release: Release, door: string) => release.ofKind('Ingress').find(({ metadata }) => metadata.name.endsWith(`-${door}`));

  it('holds no stream back, nor ends it, in nginx', () => {
    const release = Release.of({ file: 'sidecar-everything' });
    const annotations = (door: string) => ingress(release, door)?.metadata.annotations;

    expect(annotations('http')).toMatchObject({
      'nginx.ingress.kubernetes.io/backend-protocol': 'HTTP',
      'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
      'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
      'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600',
    });
    expect(annotations('grpc')).toMatchObject({
      'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC',
      'nginx.ingress.kubernetes.io/proxy-read-timeout': '86400',
    });
  });

  it('speaks TLS to gateways that do', () => {
    const release = Release.of({ file: 'sidecar-tls' });

    expect(
      ['http', 'grpc'].map((door) => ingress(release, door)?.metadata.annotations?.['nginx.ingress.kubernetes.io/backend-protocol']),
    ).toEqual(['HTTPS', 'GRPCS']);
  });

  it('leads each host to its door', () => {
    const release = Release.of({ file: 'remote-everything' });
    const backend = (port: string) => ({ service: { name: 'test-opencode-gateway', port: { name: port } } });

    expect(ingress(release, 'http')?.['spec']).toMatchObject({
      rules: [{ host: 'agents.example.org', http: { paths: [{ backend: backend('http') }] } }],
    });
    expect(ingress(release, 'grpc')?.['spec']).toMatchObject({
      rules: [{ host: 'grpc.example.org', http: { paths: [{ backend: backend('grpc') }] } }],
    });
    expect(ingress(release, 'http')?.metadata.annotations).toBeUndefined();
  });

  it('and routes need their door', () => {
    const enabled = ['ingress.http', 'gatewayApi.httpRoute', 'monitoring.serviceMonitor'];

    for (const path of enabled)
      expect(() => Release.of({ file: 'sidecar-grpc', values: { [`${path}.enabled`]: true } })).toThrow('need http');
    for (const path of ['ingress.grpc', 'gatewayApi.grpcRoute'])
      expect(() => Release.of({ file: 'remote-http-jwt', values: { [`${path}.enabled`]: true } })).toThrow('need grpc');
  });
});

describe('a route of the Gateway API', () => {
  it('puts no end to streams', () => {
    const release = Release.of({ file: 'sidecar-everything' });

    expect(release.spec('HTTPRoute')).toMatchObject({
      parentRefs: [{ name: 'public', sectionName: 'https' }],
      hostnames: ['agents.example.org'],
      rules: [{ backendRefs: [{ name: 'test-opencode-gateway', port: 8081 }], timeouts: { request: '0s', backendRequest: '0s' } }],
    });
    expect(release.spec('GRPCRoute')).toMatchObject({ rules: [{ backendRefs: [{ port: 8080 }] }] });
  });

  it('leads gRPC as HTTP where only that can say so', () => {
    const [, grpc] = Release.of({ file: 'remote-everything' }).ofKind('HTTPRoute');

    expect(grpc?.['spec']).toMatchObject({ rules: [{ backendRefs: [{ port: 8080 }], timeouts: { request: '0s' } }] });
  });
});

describe('the NetworkPolicy', () => {
  const policy = (file: string, values = {}) => Release.of({ file, values }).spec<Policy>('NetworkPolicy');
  const portsOut = ({ egress }: Policy) => egress.map(({ ports = [] }) => ports.map(({ port }) => port));

  it('lets callers of the doors in, and in mode sidecar nobody to OpenCode', () => {
    const { policyTypes, ingress } = policy('sidecar');

    expect(policyTypes).toEqual(['Ingress', 'Egress']);
    expect(ingress).toEqual([
      {
        ports: [
          { port: 'grpc', protocol: 'TCP' },
          { port: 'http', protocol: 'TCP' },
        ],
      },
    ]);
  });

  it('lets in who is named, and the tests', () => {
    const { ingress } = policy('sidecar-everything');

    expect(ingress[0]?.from).toEqual([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } } },
      { podSelector: { matchLabels: expect.objectContaining({ 'app.kubernetes.io/component': 'test' }) } },
    ]);
  });

  it.each([
    ['sidecar', [[53, 53], [443]]],
    ['sidecar-everything', [[53, 53], [443], [6379], [4317, 4318], [22]]],
    ['remote', [[53, 53], [443], [4096], [6379]]],
    ['remote-everything', [[53, 53], [443], [443], [6380], [4317, 4318]]],
    ['remote-http-jwt', [[53, 53], [4096], [8443]]],
  ])('lets %s out to names, models, OpenCode, keys, Redis and collector, as far as it has them', (file, expected) => {
    expect(portsOut(policy(file))).toEqual(expected);
  });

  it('lets nobody out to the Kubernetes API or to the metadata of the cloud', () => {
    const [, publicly] = policy('sidecar').egress;
    const blocks = publicly?.to as readonly { readonly ipBlock: { readonly cidr: string; readonly except: readonly string[] } }[];

    expect(blocks[0]?.ipBlock.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16']));
    expect(blocks[1]?.ipBlock.except).toEqual(expect.arrayContaining(['fc00::/7', 'fe80::/10']));
  });

  it('lets webhooks of A2A out unless there are none', () => {
    expect(portsOut(policy('remote', { settings: { A2A_PUSH: false } }))).toEqual([[53, 53], [4096], [6379]]);
  });
});

describe('monitoring', () => {
  it('reads the metrics with a token, over TLS where the gateway speaks it, of one Service', () => {
    const release = Release.of({ file: 'sidecar-everything' });

    expect(release.spec('ServiceMonitor')).toMatchObject({
      selector: { matchLabels: { 'app.kubernetes.io/component': 'gateway' } },
      endpoints: [
        {
          port: 'http',
          path: '/metrics',
          scheme: 'http',
          authorization: { credentials: { name: 'test-opencode-gateway', key: 'access-token' } },
        },
      ],
    });
    expect(release.one('ServiceMonitor').metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(Release.of({ file: 'sidecar-tls' }).spec('ServiceMonitor')).toMatchObject({
      endpoints: [{ scheme: 'https', tlsConfig: { serverName: 'test-opencode-gateway.agents.svc' } }],
    });
    expect(JSON.stringify(Release.of({ file: 'sidecar-tls' }).spec('ServiceMonitor'))).not.toContain('authorization');
  });

  it('refuses to read what it may not', () => {
    expect(() => Release.of({ file: 'remote-http-jwt', values: { 'monitoring.serviceMonitor.enabled': true } })).toThrow(
      'a token of the scope read',
    );
  });

  it('brings alerts and dashboard as the files have them', () => {
    const release = Release.of({ file: 'remote-everything' });
    const alerts = parse(readChart('files/alerts.yaml')) as unknown;
    const dashboard = release.ofKind('ConfigMap').find(({ metadata }) => metadata.name.endsWith('-dashboard'));

    expect(release.spec('PrometheusRule')).toEqual(alerts);
    expect(JSON.parse((dashboard?.['data'] as Record<string, string>)['opencode-gateway.json'] ?? '')).toEqual(
      JSON.parse(readChart('files/dashboard.json')),
    );
    expect(dashboard?.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  });
});

describe('the notes', () => {
  it('tell what to type in a release with TLS and without a token', () => {
    const notes = notesOf({ file: 'sidecar-tls' });

    expect(notes).toContain('statefulset/test-opencode-gateway');
    expect(notes).toContain('curl --insecure');
    expect(notes).not.toContain('get secret');
  });

  it('tell where the token is', () => {
    expect(notesOf({ file: 'sidecar' })).toContain(
      'get secret test-opencode-gateway -o go-template=\'{{index .data "access-token" | base64decode}}\'',
    );
    expect(notesOf({ file: 'remote' })).toContain('get secret callers -o go-template=\'{{index .data "token" | base64decode}}\'');
  });

  it('tell the addresses of the Ingress, and what is missing', () => {
    expect(notesOf({ file: 'sidecar-everything' })).toContain('URL=https://agents.example.org');
    expect(notesOf({ file: 'sidecar' })).toContain('OpenCode has no model keys');
    expect(notesOf({ file: 'sidecar-everything' })).not.toContain('OpenCode has no model keys');
    expect(notesOf({ file: 'remote', values: { 'a2a.store.existingSecret.name': '' } })).toContain('WARNING: several gateways');
    expect(notesOf({ file: 'remote' })).not.toContain('WARNING');
  });
});
