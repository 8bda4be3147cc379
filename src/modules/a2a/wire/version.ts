import { VersionNotSupportedError } from '@a2a-js/sdk/errors';
import type { A2AVersion } from '../a2a.call.js';

/**
 * What a caller speaks, by `A2A-Version`: who says nothing speaks 0.3. A release of a version counts as the version.
 *
 * @throws VersionNotSupportedError naming those that are
 * @see https://a2a-protocol.org/latest/specification/ section 3.6
 */
export function toVersion(wish: string | undefined, supported: readonly A2AVersion[]): A2AVersion {
  const wanted = wish === undefined || wish.trim() === '' ? '0.3' : wish.trim();
  const version = supported.find((known) => wanted === known || wanted.startsWith(`${known}.`));
  if (version !== undefined) return version;
  throw new VersionNotSupportedError(`A2A ${wanted.slice(0, 32)} is not spoken here; supported versions: ${supported.join(', ')}`);
}
