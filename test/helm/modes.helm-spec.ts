import { allContainers, Release } from './release.js';

const REMOTE = { mode: 'remote', 'opencode.baseUrl': 'http://opencode.agents:4096' };

describe('mode sidecar', () => {
  let release: Release;

  beforeAll(() => {
    release = Release.of({ file: 'sidecar' });
  });

  it('is one pod, whose data and workspace have claims of their own', () => {
    const spec = release.spec<{
      readonly replicas: number;
      readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
    }>('StatefulSet');

    expect(spec.replicas).toBe(1);
    expect(spec.volumeClaimTemplates.map(({ metadata }) => metadata.name)).toEqual(['data', 'workspace']);
    expect(spec).toMatchObject({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' } });
  });

  it('starts OpenCode before the gateway and ends it after, as native sidecars are', () => {
    expect(release.pod.initContainers?.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([['opencode', 'Always']]);
    expect(release.pod.containers.map(({ name }) => name)).toEqual(['gateway']);
  });

  it('has OpenCode listen at loopback, where the gateway looks for it with the same password', () => {
    const [opencode, gateway] = [release.container('opencode'), release.container('gateway')];
    const [theirs, ours] = [opencode, gateway].map((container) => release.environment(container, () => ''));

    expect([...(opencode.command ?? []), ...(opencode.args ?? [])].join(' ')).toBe(
      'tini -- opencode serve --hostname 127.0.0.1 --port 4096',
    );
    expect(ours?.['OPENCODE_BASE_URL']).toBe('http://127.0.0.1:4096');
    expect(ours?.['OPENCODE_SERVER_PASSWORD']).toMatch(/^\w{40}$/);
    expect(theirs?.['OPENCODE_SERVER_PASSWORD']).toBe(ours?.['OPENCODE_SERVER_PASSWORD']);
  });

  it('has the workspace at the same path in both, and lets the gateway read where OpenCode keeps credentials', () => {
    const [opencode, gateway] = [release.container('opencode'), release.container('gateway')];
    const { OPENCODE_WORKSPACE_ROOT, OPENCODE_AUTH_FILE = '' } = release.environment(gateway, () => '');
    const { XDG_DATA_HOME = '' } = release.environment(opencode, () => '');

    for (const { volumeMounts } of [opencode, gateway])
      expect(volumeMounts).toContainEqual({ name: 'workspace', mountPath: OPENCODE_WORKSPACE_ROOT });
    expect(OPENCODE_AUTH_FILE).toBe(`${XDG_DATA_HOME}/opencode/auth.json`);
    expect(gateway.volumeMounts).toContainEqual({ name: 'data', mountPath: '/var/lib/opencode', readOnly: true });
    expect(opencode.volumeMounts).toContainEqual({ name: 'data', mountPath: '/var/lib/opencode' });
  });

  it('does not let workspaces configure OpenCode, unless it is told to', () => {
    const names = (of: Release) => (of.container('opencode').env ?? []).map(({ name }) => name);

    expect(names(release)).toEqual(expect.arrayContaining(['OPENCODE_DISABLE_PROJECT_CONFIG', 'OPENCODE_DISABLE_EXTERNAL_SKILLS']));
    expect(names(Release.of({ values: { 'opencode.trustWorkspaceConfig': true } }))).not.toContain('OPENCODE_DISABLE_PROJECT_CONFIG');
  });

  it('gives OpenCode the keys of models, and its configuration, as they were given', () => {
    const everything = Release.of({ file: 'sidecar-everything' });
    const opencode = everything.container('opencode');

    expect(opencode.envFrom?.map(({ secretRef }) => secretRef?.name)).toEqual([
      'model-keys',
      'test-opencode-gateway-model-keys',
      'more-keys',
    ]);
    expect(everything.dataOf('Secret', { name: 'test-opencode-gateway-model-keys', key: 'ANTHROPIC_API_KEY' })).toBe('sk-ant-of-a-test');
    expect(JSON.parse(everything.environment(opencode, () => '')['OPENCODE_CONFIG_CONTENT'] ?? '')).toMatchObject({
      permission: { bash: 'ask' },
    });
  });

  it('restarts the pod when a secret, the configuration or a key changes, and not when a file does that is read again', () => {
    const given = { 'access.token.value': 'hNw2tKq7vXc9mZr4pLb8', 'opencode.password.value': 'a-password' };
    const checksums = (values: Record<string, unknown>) =>
      Object.entries(Release.of({ values: { ...given, ...values } }).template.metadata.annotations ?? {}).filter(([name]) =>
        name.startsWith('checksum/'),
      );
    const before = checksums({});

    expect(checksums({})).toEqual(before);
    expect(checksums({ 'access.token.value': 'yGd6fJs3wEk1uTa5oQi0' })).not.toEqual(before);
    expect(checksums({ 'opencode.config.share': 'manual' })).not.toEqual(before);
    expect(checksums({ 'opencode.modelKeys.values': { OPENAI_API_KEY: 'a' } })).not.toEqual(before);
    expect(checksums({ 'access.tokensFile.tokens': [{ name: 'ci', sha256: '0'.repeat(64), scopes: ['read'] }] })).toEqual(before);
  });

  it.each([
    ['autoscaling.enabled', true, 'one writer'],
    ['replicas', 2, 'one writer'],
    ['opencode.baseUrl', 'http://opencode:4096', 'is for mode remote'],
    ['opencode.authFile', '/auth.json', 'is for mode remote'],
    ['opencode.port', 8080, 'same pod'],
  ])('refuses %s: %p', (path, value, reason) => {
    expect(() => Release.of({ values: { [path]: value } })).toThrow(reason);
  });
});

describe('mode remote', () => {
  it('has gateways alone, which are replaced one after the other and spread over nodes and zones', () => {
    const release = Release.of({ file: 'remote' });

    expect(allContainers(release.pod).map(({ name }) => name)).toEqual(['gateway']);
    expect(release.spec('Deployment')).toMatchObject({ replicas: 3, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } });
    expect(release.pod).toMatchObject({
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ podAffinityTerm: { topologyKey: 'kubernetes.io/hostname' } }],
        },
      },
      topologySpreadConstraints: [{ topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' }],
    });
    expect(release.ofKind('ConfigMap')).toEqual([]);
  });

  it('leaves the workspace to OpenCode, unless its claim is mounted here too', () => {
    const without = Release.of({ values: REMOTE });
    const named = Release.of({ values: { ...REMOTE, 'workspace.path': '/srv/work' } });
    const mounted = Release.of({ values: { ...REMOTE, 'workspace.path': '/srv/work', 'workspace.existingClaim': 'shared' } });

    expect(without.environment(without.container('gateway'), () => '')).not.toHaveProperty('OPENCODE_WORKSPACE_ROOT');
    for (const release of [named, mounted])
      expect(release.environment(release.container('gateway'), () => '')['OPENCODE_WORKSPACE_ROOT']).toBe('/srv/work');
    expect(named.container('gateway').volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
    expect(mounted.container('gateway').volumeMounts).toContainEqual({ name: 'workspace', mountPath: '/srv/work' });
    expect(mounted.pod.volumes).toContainEqual({ name: 'workspace', persistentVolumeClaim: { claimName: 'shared' } });
  });

  it('shows no password to an OpenCode that wants none', () => {
    const release = Release.of({ values: REMOTE });

    expect(release.container('gateway').env?.map(({ name }) => name)).not.toContain('OPENCODE_SERVER_PASSWORD');
  });

  it('leaves the number of gateways to the autoscaler, which goes by CPU and by open streams', () => {
    const release = Release.of({ file: 'remote-everything' });

    expect(release.spec('Deployment')).not.toHaveProperty('replicas');
    expect(release.spec('HorizontalPodAutoscaler')).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: release.workload.metadata.name },
      minReplicas: 2,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        {
          type: 'Pods',
          pods: { metric: { name: 'opencode_gateway_streams_open' }, target: { type: 'AverageValue', averageValue: '1000' } },
        },
      ],
    });
    expect(Release.of({ values: REMOTE }).ofKind('HorizontalPodAutoscaler')).toEqual([]);
  });

  it.each([
    [{ 'opencode.baseUrl': '' }, 'needs the URL'],
    [{ 'opencode.modelKeys.existingSecret': 'keys' }, 'no OpenCode in mode remote'],
    [{ 'workspace.existingClaim': 'shared' }, 'must be the path'],
    [
      { 'autoscaling.enabled': true, 'autoscaling.cpuUtilization': 0, 'autoscaling.streamsPerPod': 0 },
      'give cpuUtilization or streamsPerPod',
    ],
  ])('refuses %j', (values, reason) => {
    expect(() => Release.of({ values: { ...REMOTE, ...values } })).toThrow(reason);
  });
});

describe('either mode', () => {
  it.each(['sidecar', 'remote'])('lets a drain of a node take a pod, also one that is not ready: %s', (file) => {
    expect(Release.of({ file }).spec('PodDisruptionBudget')).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });

  it('refuses a variable that the chart sets itself, and one that is not known', () => {
    expect(() => Release.of({ values: { 'gateway.extraEnv': [{ name: 'HOST', value: '::' }] } })).toThrow('HOST is set by the chart');
    expect(() => Release.of({ values: { 'opencode.extraEnv': [{ name: 'HOME', value: '/' }] } })).toThrow('HOME is set by the chart');
    expect(() => Release.of({ values: { settings: { MAX_STREAM: 1 } } })).toThrow('MAX_STREAM');
  });

  it('gives settings as they were written', () => {
    const release = Release.of({ file: 'sidecar-everything' });

    expect(release.environment(release.container('gateway'), () => '')).toMatchObject({
      MAX_STREAMS: '2000',
      MAX_FILE_BYTES: '10737418240',
      ENABLE_SESSION_SHELL: 'true',
      HEARTBEAT_S: '10',
      OTEL_TRACES_SAMPLER_ARG: '0.01',
      OTEL_BSP_MAX_QUEUE_SIZE: '4096000',
    });
  });

  it('waits as long for the end of a pod as its drain may take, and refuses to wait less', () => {
    expect(Release.of({ file: 'sidecar-everything' }).pod.terminationGracePeriodSeconds).toBe(5 + 39 + 10);
    expect(() => Release.of({ values: { 'pod.terminationGracePeriodSeconds': 24 } })).toThrow('fewer than the 25');
  });

  it('sleeps before the end only when it is told to: the gateway waits by itself', () => {
    expect(Release.of({ file: 'sidecar' }).container('gateway').lifecycle).toBeUndefined();
    expect(Release.of({ file: 'sidecar-everything' }).container('gateway').lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } });
  });

  it('takes a field of the security context away that is null, as OpenShift needs', () => {
    expect(Release.of({ file: 'sidecar-anonymous' }).pod.securityContext).not.toHaveProperty('runAsUser');
  });

  it('renders templates in objects of the user', () => {
    const names = Release.of({ file: 'sidecar-everything' })
      .ofKind('ConfigMap')
      .map(({ metadata, data }) => [metadata.name, data]);

    expect(names).toEqual(
      expect.arrayContaining([
        ['of-a-map', { release: 'test' }],
        ['test-opencode-gateway-of-text', undefined],
      ]),
    );
  });
});
