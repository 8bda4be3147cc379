/**
 * Replays the Dockerfile without an engine: builds both images from a Debian of our own with Node in it, and runs them as
 * docker-compose.yml does, unprivileged and on a read-only root.
 *
 * Needs root, namespaces and the network; where these cannot be had the check is skipped, and says so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { obtainBase } from './image/base.js';
import { Missing, obtain } from './toolchain.js';

try {
  if (process.getuid() !== 0) throw new Missing('only root can build a file system');
  obtain('unshare', ['--mount', '--pid', '--fork', 'true']);
  const base = obtainBase();
  // Whatever is mounted there ends with it.
  const parameters = ['--mount', '--propagation', 'private', process.execPath, 'scripts/image/main.js', base];
  const [status] = await once(spawn('unshare', parameters, { stdio: 'inherit' }), 'close');
  process.exitCode = status ?? 1;
} catch (error) {
  if (error instanceof Missing) console.warn(`check-image: the replay of the Dockerfile was SKIPPED: ${error.message}`);
  else {
    console.error(`check-image: ${error.message}`);
    process.exitCode = 1;
  }
}
