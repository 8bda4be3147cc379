/**
 * Builds Kubernetes' API server and etcd from Go modules into .cache/kubernetes, for check-helm: KUBE_APISERVER_DIR=.cache/kubernetes.
 * It takes a quarter of an hour on one core.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const module = join('test', 'helm', 'kubernetes');
const out = resolve('.cache', 'kubernetes');
const [, major, minor, patch] = /k8s\.io\/kubernetes v(\d+)\.(\d+)\.(\d+)/.exec(readFileSync(join(module, 'go.mod'), 'utf8'));
// Without it the server takes itself for another one, and refuses to serve its APIs.
const version = { gitVersion: `v${major}.${minor}.${patch}`, gitMajor: major, gitMinor: minor };
const flags = Object.entries(version).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);

mkdirSync(out, { recursive: true });
for (const [name, path] of Object.entries({
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
})) {
  const parameters = ['build', '-ldflags', flags.join(' '), '-o', join(out, name), path];
  const { status } = spawnSync('go', parameters, { cwd: module, stdio: 'inherit', env: { ...process.env, CGO_ENABLED: '0' } });
  if (status !== 0) throw new Error(`${name} cannot be built`);
}
