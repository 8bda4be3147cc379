import { CHART } from './chart.js';
import { Cluster } from './cluster.js';
import { helm, NAMESPACE, Release, valueParameters, valuesFiles, type ReleaseOptions } from './release.js';

const programs = process.env['KUBE_APISERVER_DIR'];
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;

/** Only where there is one: KUBE_APISERVER_DIR names its folder. */
const withCluster = programs === undefined ? describe.skip : describe;

withCluster('a Kubernetes API server', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start(programs ?? '');
  }, 180_000);

  afterAll(() => cluster.stop());

  /** Gives what the server warns of. */
  function install(release: string, options: ReleaseOptions): string {
    const where = ['--kubeconfig', cluster.kubeconfig, '--namespace', NAMESPACE];
    return helm(['upgrade', '--install', release, CHART, ...where, ...valueParameters(options)]).warnings;
  }

  async function secretOf(release: string): Promise<Readonly<Record<string, string>>> {
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/${release}-opencode-gateway`;
    return ((await cluster.get(path)) as { readonly data: Readonly<Record<string, string>> }).data;
  }

  it.each(valuesFiles())('takes %s, and warns of nothing', (file) => {
    expect(install(file, { file })).toBe('');
  });

  it.each(valuesFiles())('takes the pods of %s under the restricted Pod Security Standard', async (file) => {
    const release = Release.of({ file });
    const pods = [release.madePod, ...release.tests].map(({ metadata, spec }) => ({
      metadata,
      spec: { ...(spec as object), ...CLUSTERLESS },
    }));

    expect(await Promise.all(pods.map((pod) => cluster.refusalOf(PODS, pod)))).toEqual(pods.map(() => undefined));
  });

  it('refuses a pod that is not restricted, so that the above means something', async () => {
    const { metadata, spec } = Release.of({ values: { 'gateway.securityContext.allowPrivilegeEscalation': true } }).madePod;

    expect(await cluster.refusalOf(PODS, { metadata, spec: { ...spec, ...CLUSTERLESS } })).toContain('violates PodSecurity');
  });

  it('keeps the random secrets through upgrades, and the pod as it is', async () => {
    const statefulSet = () => cluster.get(`/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets/kept-opencode-gateway`);
    install('kept', {});
    const [before, first] = [await secretOf('kept'), await statefulSet()];

    install('kept', { values: { 'service.annotations': { a: 'b' } } });

    expect(Object.keys(before)).toEqual(['access-token', 'opencode-password']);
    expect(await secretOf('kept')).toEqual(before);
    expect((await statefulSet()) as object).toMatchObject({
      metadata: { generation: (first as { metadata: { generation: number } }).metadata.generation },
    });
  });

  it('takes the random token away when others are given', async () => {
    install('changed', {});
    install('changed', { values: { 'access.tokensFile.existingSecret.name': 'callers' } });

    expect(Object.keys(await secretOf('changed'))).toEqual(['opencode-password']);
  });
});

/** What only a whole cluster has. */
const CLUSTERLESS = { serviceAccountName: 'default', runtimeClassName: undefined, priorityClassName: undefined };
