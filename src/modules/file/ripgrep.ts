import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { codeOf } from './file-errors.js';
import type { TextMatch, TextMatches } from './file.model.js';

const TIMEOUT_MS = 30_000;
const MAX_LINE_CHARACTERS = 2_000;
const MAX_ERROR_CHARACTERS = 2_000;
/** ripgrep's exit codes: 0 found, 1 nothing found, 2 failed. */
const FAILED = 2;

/** One thread and sorted: the same search gives the same lines. A larger file would be held as one line if it is one. */
const OPTIONS = ['--json', '--no-config', '--no-messages', '--hidden', '--glob=!.git', '--sort=path', '--max-filesize=10M'];

export interface TextSearch {
  readonly directory: string;
  readonly pattern: string;
  readonly limit: number;
  readonly path: string | undefined;
}

interface RipgrepMatch {
  readonly type: string;
  readonly data: {
    readonly path: { readonly text?: string };
    readonly lines: { readonly text?: string };
    readonly line_number: number;
  };
}

/** Undefined for other lines than matches, and for what is not UTF-8. */
function toMatch(line: string): TextMatch | undefined {
  const { type, data } = JSON.parse(line) as RipgrepMatch;
  if (type !== 'match' || data.path.text === undefined || data.lines.text === undefined) return undefined;
  return {
    path: data.path.text.replace(/^\.\//, ''),
    lineNumber: data.line_number,
    line: data.lines.text.replace(/\r?\n$/, '').slice(0, MAX_LINE_CHARACTERS),
  };
}

/** The first matches up to one more than wanted. */
async function readMatches(output: Readable, limit: number): Promise<TextMatch[]> {
  const matches: TextMatch[] = [];
  for await (const line of createInterface({ input: output })) {
    const match = toMatch(line);
    if (match !== undefined) matches.push(match);
    if (matches.length > limit) break;
  }
  return matches;
}

async function readStart(output: Readable): Promise<string> {
  let text = '';
  for await (const chunk of output.setEncoding('utf8')) if (text.length < MAX_ERROR_CHARACTERS) text += String(chunk);
  return text;
}

function ripgrepMissing(cause: unknown): GatewayError {
  return new GatewayError('FAILED_PRECONDITION', 'Searching needs ripgrep (rg) on the PATH', { reason: 'RIPGREP_MISSING', cause });
}

/**
 * Lines that match a regular expression, as ripgrep finds them: what .gitignore names is left out, so are .git
 * and files above 10 MiB; links are not followed.
 *
 * OpenCode's own search is the same program, cut to ten matches.
 *
 * @throws GatewayError INVALID_ARGUMENT for a bad pattern; FAILED_PRECONDITION, reason RIPGREP_MISSING; DEADLINE_EXCEEDED
 */
export async function searchWithRipgrep({ directory, pattern, limit, path }: TextSearch): Promise<TextMatches> {
  const child = spawn('rg', [...OPTIONS, `--regexp=${pattern}`, '--', './'], {
    cwd: directory,
    env: { PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child, 'spawn').catch((cause: unknown) => {
    throw codeOf(cause) === 'ENOENT' ? ripgrepMissing(cause) : cause;
  });
  const timer = setTimeout(() => child.kill('SIGTERM'), TIMEOUT_MS);
  const exit = once(child, 'exit').finally(() => clearTimeout(timer)) as Promise<[number | null, string | null]>;
  const [matches, complaint, [code, signal]] = await Promise.all([
    readMatches(child.stdout, limit).finally(() => child.kill('SIGKILL')),
    readStart(child.stderr),
    exit,
  ]);
  if (signal === 'SIGTERM') throw new GatewayError('DEADLINE_EXCEEDED', 'The search takes too long', { reason: 'SEARCH_TIMEOUT' });
  if (code === FAILED && complaint !== '') throw GatewayError.invalid('pattern', complaint.replace(/^rg: /, '').trim());
  return { matches: matches.slice(0, limit), truncated: matches.length > limit };
}
