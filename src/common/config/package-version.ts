import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version of the gateway, wherever it was compiled to. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(nearest('package.json', dirname(fileURLToPath(import.meta.url))), 'utf8')) as {
    version: string;
  };
  return version;
}

function nearest(name: string, folder: string): string {
  const path = join(folder, name);
  return existsSync(path) || folder === dirname(folder) ? path : nearest(name, dirname(folder));
}
