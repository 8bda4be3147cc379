import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { freePort } from './free-port.js';
import { readExtensions } from './generated.js';
import { NAMESPACE } from './release.js';

const READY_TIMEOUT_MS = 90_000;
const POLL_MS = 250;

/**
 * A Kubernetes API server with its store and nothing else: objects are judged and kept, and no pod ever runs. It knows the kinds of
 * Prometheus' operator and of the Gateway API, and has a namespace that takes restricted pods alone.
 */
export class Cluster {
  /** For helm. */
  readonly kubeconfig: string;
  private readonly token = randomBytes(16).toString('hex');
  private readonly agent = new Agent({ connect: { rejectUnauthorized: false } });
  private readonly processes: ChildProcess[] = [];

  private constructor(
    private readonly folder: string,
    private readonly url: string,
  ) {
    this.kubeconfig = join(folder, 'kubeconfig');
  }

  /** `programs` has etcd and kube-apiserver. */
  static async start(programs: string): Promise<Cluster> {
    const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
    const cluster = new Cluster(mkdtempSync(join(tmpdir(), 'cluster-')), `https://127.0.0.1:${port}`);
    cluster.writeFiles();
    const store = `http://127.0.0.1:${client}`;
    const listeners = [`--listen-client-urls=${store}`, `--advertise-client-urls=${store}`, `--listen-peer-urls=http://127.0.0.1:${peer}`];
    cluster.run(join(programs, 'etcd'), ['--data-dir=etcd', '--unsafe-no-fsync', ...listeners]);
    cluster.run(join(programs, 'kube-apiserver'), [`--etcd-servers=${store}`, `--secure-port=${port}`, ...API_SERVER]);
    try {
      await cluster.untilReady();
      await cluster.prepare();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** What the API server says to an object that is not kept: undefined when it is good. Unknown fields are not. */
  async refusalOf(path: string, object: unknown): Promise<string | undefined> {
    const { status, body } = await this.post(`${path}?dryRun=All&fieldValidation=Strict`, object);
    return status < 300 ? undefined : (body as { readonly message: string }).message;
  }

  async get(path: string): Promise<unknown> {
    const { body } = await request(this.url + path, { dispatcher: this.agent, headers: this.headers() });
    return body.json();
  }

  async stop(): Promise<void> {
    for (const process of [...this.processes].reverse()) {
      process.kill('SIGKILL');
      if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
    }
    await this.agent.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private writeFiles(): void {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const cluster = { server: this.url, 'insecure-skip-tls-verify': true };
    const config = {
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'test', user: { token: this.token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    };
    writeFileSync(this.kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }), { mode: 0o600 });
    writeFileSync(join(this.folder, 'accounts.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(join(this.folder, 'accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
    writeFileSync(join(this.folder, 'tokens.csv'), `${this.token},admin,admin,"system:masters"\n`);
  }

  private run(program: string, parameters: readonly string[]): void {
    const log = openSync(join(this.folder, 'log'), 'a');
    this.processes.push(spawn(program, parameters, { cwd: this.folder, stdio: ['ignore', log, log] }));
  }

  private async untilReady(): Promise<void> {
    for (const deadlineMs = Date.now() + READY_TIMEOUT_MS; Date.now() < deadlineMs; await pause(POLL_MS)) {
      const answer = await request(`${this.url}/readyz`, { dispatcher: this.agent, headers: this.headers() }).catch(() => undefined);
      await answer?.body.dump();
      if (answer?.statusCode === 200) return;
    }
    throw new Error(`the API server is not ready: ${readFileSync(join(this.folder, 'log'), 'utf8').split('\n').slice(-5).join('\n')}`);
  }

  private async prepare(): Promise<void> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' };
    await this.post('/api/v1/namespaces', { metadata: { name: NAMESPACE, labels } });
    await this.post(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: 'default' } });
    for (const extension of readExtensions()) await this.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', extension);
    const groups = readExtensions().map(({ spec }) => `/apis/${spec.group}/${spec.versions[0]?.name}/${spec.names.plural}`);
    for (const path of groups) await this.untilServed(path);
  }

  private async untilServed(path: string): Promise<void> {
    for (const deadlineMs = Date.now() + READY_TIMEOUT_MS; Date.now() < deadlineMs; await pause(POLL_MS)) {
      if ('items' in ((await this.get(path).catch(() => ({}))) as object)) return;
    }
    throw new Error(`the API server does not serve ${path}`);
  }

  private async post(path: string, object: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
    const headers = { ...this.headers(), 'content-type': 'application/json' };
    const { statusCode, body } = await request(this.url + path, {
      dispatcher: this.agent,
      method: 'POST',
      headers,
      body: JSON.stringify(object),
    });
    return { status: statusCode, body: await body.json() };
  }

  private headers() {
    return { authorization: `Bearer ${this.token}` };
  }
}

const API_SERVER = [
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  '--cert-dir=certificates',
  '--service-account-key-file=accounts.pub',
  '--service-account-signing-key-file=accounts.key',
  '--service-account-issuer=https://kubernetes.default.svc',
  '--token-auth-file=tokens.csv',
  '--authorization-mode=RBAC',
  '--service-cluster-ip-range=10.0.0.0/24',
];
