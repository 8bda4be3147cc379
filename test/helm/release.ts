import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { CHART } from './chart.js';

/** A Kubernetes object, as far as tests look at it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface KeyRef {
  readonly name: string;
  readonly key: string;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: KeyRef; readonly configMapKeyRef?: KeyRef };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { readonly secretRef?: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly startupProbe?: Readonly<Record<string, unknown>>;
  readonly livenessProbe?: Readonly<Record<string, unknown>>;
  readonly readinessProbe?: Readonly<Record<string, unknown>>;
  readonly lifecycle?: unknown;
}

export interface PodSpec {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string; readonly items?: readonly KeyRef[] };
  }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly [field: string]: unknown;
}

/** What a test gives the chart: a file of test/helm/values, and values over it. */
export interface ReleaseOptions {
  readonly file?: string;
  readonly values?: Readonly<Record<string, unknown>>;
}

export const NAMESPACE = 'agents';
const OLDEST_KUBERNETES = '1.30.0';
const VALUES = join('test', 'helm', 'values');

/** Every file of test/helm/values, without its ending. */
export function valuesFiles(): string[] {
  return readdirSync(VALUES).map((file) => basename(file, '.yaml'));
}

/** Runs helm; gives what it says, and what it warns of. Throws what it complains of. */
export function helm(parameters: readonly string[]): { readonly output: string; readonly warnings: string } {
  const program = process.env['HELM'] ?? 'helm';
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
  if (status !== 0) throw new Error(error?.message ?? stderr);
  return { output: stdout, warnings: stderr };
}

/** How helm is told of them. */
export function valueParameters({ file, values = {} }: ReleaseOptions): string[] {
  const sets = Object.entries(values).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]);
  return [...(file === undefined ? [] : ['--values', join(VALUES, `${file}.yaml`)]), ...sets];
}

/** The chart as a cluster would get it. */
export class Release {
  private static readonly ofFiles = new Map<string, Release>();

  private constructor(readonly objects: readonly KubernetesObject[]) {}

  /** Throws what helm complains of. Files alone are rendered once. */
  static of(options: ReleaseOptions): Release {
    const { file, values } = options;
    const known = values === undefined ? Release.ofFiles.get(file ?? '') : undefined;
    const release = known ?? Release.rendered(options);
    if (values === undefined) Release.ofFiles.set(file ?? '', release);
    return release;
  }

  private static rendered(options: ReleaseOptions): Release {
    const { output } = helm([
      'template',
      'test',
      CHART,
      '--namespace',
      NAMESPACE,
      '--kube-version',
      OLDEST_KUBERNETES,
      ...valueParameters(options),
    ]);
    const documents = parseAllDocuments(output).map((document) => document.toJSON() as KubernetesObject | null);
    return new Release(documents.filter((object) => object !== null));
  }

  ofKind(kind: string): readonly KubernetesObject[] {
    return this.objects.filter((object) => object.kind === kind);
  }

  /** The only one. */
  one(kind: string): KubernetesObject {
    const [found, ...more] = this.ofKind(kind);
    if (found === undefined || more.length > 0) throw new Error(`${this.ofKind(kind).length} objects are a ${kind}`);
    return found;
  }

  /** The spec of the only one. */
  spec<Spec>(kind: string): Spec {
    return this.one(kind)['spec'] as Spec;
  }

  get workload(): KubernetesObject {
    return this.objects.some(({ kind }) => kind === 'StatefulSet') ? this.one('StatefulSet') : this.one('Deployment');
  }

  /** What the gateway's pods are made of. */
  get template(): { readonly metadata: KubernetesObject['metadata']; readonly spec: PodSpec } {
    return (this.workload['spec'] as { readonly template: Release['template'] }).template;
  }

  get pod(): PodSpec {
    return this.template.spec;
  }

  /** Such a pod as the controller of the workload makes it. */
  get madePod(): Pick<KubernetesObject, 'metadata'> & { readonly spec: PodSpec } {
    const { volumeClaimTemplates = [] } = this.workload['spec'] as { readonly volumeClaimTemplates?: readonly KubernetesObject[] };
    const claims = volumeClaimTemplates.map(({ metadata }) => ({
      name: metadata.name,
      persistentVolumeClaim: { claimName: metadata.name },
    }));
    const metadata = { ...this.template.metadata, name: this.workload.metadata.name };
    return { metadata, spec: { ...this.pod, volumes: [...(this.pod.volumes ?? []), ...claims] } };
  }

  get tests(): readonly KubernetesObject[] {
    return this.ofKind('Pod');
  }

  /** Of every pod. */
  get pods(): readonly PodSpec[] {
    return [this.pod, ...this.tests.map(({ spec }) => spec as PodSpec)];
  }

  container(name: string): Container {
    const found = allContainers(this.pod).find((container) => container.name === name);
    if (found === undefined) throw new Error(`no container is called ${name}`);
    return found;
  }

  /** The value of a key of a Secret or a ConfigMap of the release; undefined when the release has none such. */
  dataOf(kind: 'Secret' | 'ConfigMap', { name, key }: KeyRef): string | undefined {
    const data = this.ofKind(kind).find(({ metadata }) => metadata.name === name)?.['data'] as Readonly<Record<string, string>> | undefined;
    const value = data?.[key];
    return kind === 'Secret' && value !== undefined ? Buffer.from(value, 'base64').toString() : value;
  }

  /** The container's variables as its process sees them. `elsewhere` says what Secrets hold that are not the release's. */
  environment(container: Container, elsewhere: (name: string) => string): Record<string, string> {
    return Object.fromEntries(
      (container.env ?? []).map(({ name, value, valueFrom }) => {
        const { secretKeyRef, configMapKeyRef } = valueFrom ?? {};
        const secret = secretKeyRef === undefined ? undefined : (this.dataOf('Secret', secretKeyRef) ?? elsewhere(name));
        const config = configMapKeyRef === undefined ? undefined : this.dataOf('ConfigMap', configMapKeyRef);
        return [name, value ?? secret ?? config ?? ''];
      }),
    );
  }
}

export function allContainers({ initContainers = [], containers }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers];
}

/** What helm tells the operator after an installation. */
export function notesOf(options: ReleaseOptions): string {
  const parameters = ['install', 'test', CHART, '--namespace', NAMESPACE, '--dry-run=client', ...valueParameters(options)];
  return helm(parameters).output.split('NOTES:\n')[1] ?? '';
}
