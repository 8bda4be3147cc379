/** Programs of other languages that a check needs, and may not find. */
import { spawnSync } from 'node:child_process';

/** A step that needs what this machine may lack. */
export class Missing extends Error {}

/** Gives what it wrote. Throws when it fails. */
export function run(command, parameters, options = {}) {
  const { error, status, stderr, stdout } = spawnSync(command, parameters, { encoding: 'utf8', ...options });
  if (error !== undefined || status !== 0)
    throw new Error((stderr || stdout || error?.message || `${command} ended with ${status}`).trim());
  return stdout;
}

/** A step that fetches or finds tools: its failure is no failure of what is checked. Throws Missing. */
export function obtain(command, parameters, options) {
  try {
    return run(command, parameters, options);
  } catch (error) {
    throw new Missing(`${[command, ...parameters].join(' ')}: ${error.message.split('\n').at(-1)}`);
  }
}
