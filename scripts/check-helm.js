/**
 * Checks the chart with Helm itself: lints it, renders it for each file of test/helm/values, and runs test/helm's tests of what came of it.
 *
 * Helm is that of HELM, or installed as a Go module; without it the check is skipped, and says so. Where KUBE_APISERVER_DIR names a folder
 * with kube-apiserver and etcd (scripts/build-kubernetes.js makes them), the chart is installed there too.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Missing, obtain, run } from './toolchain.js';

const HELM = { module: 'helm.sh/helm/v4/cmd/helm', version: 'v4.3.1' };

const values = join('test', 'helm', 'values');

/** The program. */
function obtainHelm() {
  const given = process.env.HELM;
  if (given) return resolve(given);
  const folder = resolve('.cache', 'helm', HELM.version);
  const helm = join(folder, 'helm');
  if (existsSync(helm)) return helm;
  mkdirSync(folder, { recursive: true });
  obtain('go', ['install', `${HELM.module}@${HELM.version}`], { env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' } });
  return helm;
}

try {
  const helm = obtainHelm();
  for (const file of readdirSync(values)) run(helm, ['lint', '--strict', '--values', join(values, file), join('helm', 'opencode-gateway')]);
  const servers = process.env.KUBE_APISERVER_DIR;
  // Programs are begun in folders of their own.
  const env = { ...process.env, HELM: helm, ...(servers !== undefined && { KUBE_APISERVER_DIR: resolve(servers) }) };
  const jest = [join('node_modules', 'jest', 'bin', 'jest.js'), '--testRegex', 'test/helm/.*\\.helm-spec\\.ts$'];
  const { status } = spawnSync(process.execPath, jest, { stdio: 'inherit', env });
  if (servers === undefined) console.warn('check-helm: a Kubernetes API server was SKIPPED: KUBE_APISERVER_DIR is unset');
  if (status !== 0) throw new Error('the chart is not what its tests say');
} catch (error) {
  if (error instanceof Missing) console.warn(`check-helm: the chart was SKIPPED: ${error.message}`);
  else {
    console.error(`check-helm: ${error.message}`);
    process.exitCode = 1;
  }
}
