/**
 * Checks the contract: format, lint, no break against what the seeds fixed on the wire, generated code up to date.
 *
 * The seeds' files stand in test/contract/seeds. Where the originals are at hand they are compared with them too.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const buf = join('node_modules', '.bin', 'buf');
const originals = join('..', 'shared', 'contract');
const temporary = mkdtempSync(join(tmpdir(), 'check-proto-'));

function run(...parameters) {
  execFileSync(buf, parameters, { stdio: 'inherit' });
}

/** A module that holds only a seed and what it imports, so that `buf breaking` looks at the seed's files alone. */
function seedModule(name, ...folders) {
  const module = join(temporary, name);
  for (const [from, to] of folders) cpSync(from, join(module, to), { recursive: true });
  return module;
}

function filesOf(folder, prefix = '') {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesOf(join(folder, entry.name), join(prefix, entry.name)) : [join(prefix, entry.name)],
  );
}

function assertEqualFolders(left, right, what) {
  const [leftFiles, rightFiles] = [filesOf(left).sort(), filesOf(right).sort()];
  const different = [...new Set([...leftFiles, ...rightFiles])].filter(
    (file) =>
      !leftFiles.includes(file) || !rightFiles.includes(file) || !readFileSync(join(left, file)).equals(readFileSync(join(right, file))),
  );
  if (different.length > 0) throw new Error(`${what}: ${different.join(', ')}`);
}

try {
  run('format', '--diff', '--exit-code', '--exclude-path', 'proto/google', '--exclude-path', 'proto/grpc', 'proto');
  run('lint');
  const google = [join('proto', 'google'), 'google'];
  const seeds = join('test', 'contract', 'seeds');
  run('breaking', '--against', seedModule('v1', [join(seeds, 'v1'), 'v1'], google));
  run('breaking', '--against', seedModule('seed001', [join(seeds, 'seed001'), ''], google));
  if (existsSync(originals))
    for (const seed of ['v1', 'seed001']) assertEqualFolders(join(seeds, seed), join(originals, seed), 'differs from the fixed contract');
  else console.log('check-proto: the original contract is not at hand; the copies in test/contract/seeds were used as they are');
  run('generate', '--output', temporary);
  assertEqualFolders(
    join('src', 'common', 'grpc', 'generated'),
    join(temporary, 'src', 'common', 'grpc', 'generated'),
    'generated code is out of date; run npm run generate',
  );
} catch (error) {
  console.error(
    error instanceof Error && !('status' in error) ? `check-proto: ${error.message}` : 'check-proto: the contract does not pass',
  );
  process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
