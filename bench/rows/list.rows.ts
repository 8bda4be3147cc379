import { mkdirSync, writeFileSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { peakGrowth } from '../peak.js';
import { onStage } from '../stage.js';
import { formatCount, percentile, type Row } from '../table.js';

const DIRECTORIES = 100;
const FILES_EACH = 1_000;
const PAGE_SIZE = 10_000;
const STATS_AT_ONCE = 64;
const MB = 1_000_000;
/** A page's messages and their JSON, not the tree. */
const MAX_GROWTH_MB = 100;

interface Page {
  readonly files: readonly unknown[];
  readonly nextPageToken: string;
}

function makeFiles(workspace: string): void {
  for (let directory = 0; directory < DIRECTORIES; directory += 1) {
    const path = join(workspace, `directory-${directory}`);
    mkdirSync(path);
    for (let file = 0; file < FILES_EACH; file += 1) writeFileSync(join(path, `file-${file}.ts`), '');
  }
}

/** The same names and facts, without order and pages. */
async function listDirectly(workspace: string): Promise<number> {
  const entries = await readdir(workspace, { recursive: true });
  for (let start = 0; start < entries.length; start += STATS_AT_ONCE)
    await Promise.all(entries.slice(start, start + STATS_AT_ONCE).map((name) => lstat(join(workspace, name), { bigint: true })));
  return entries.length;
}

/** Every page, and how long each took. */
async function listPages(httpUrl: string): Promise<{ readonly count: number; readonly pagesMs: readonly number[] }> {
  const pagesMs: number[] = [];
  let count = 0;
  for (let token: string | undefined = ''; token !== undefined;) {
    const startedAtMs = performance.now();
    const response = await fetch(`${httpUrl}/files?recursive=true&page_size=${PAGE_SIZE}&page_token=${token}`);
    const page = (await response.json()) as Page;
    pagesMs.push(performance.now() - startedAtMs);
    count += page.files.length;
    token = page.nextPageToken === '' ? undefined : page.nextPageToken;
  }
  return { count, pagesMs };
}

/** Listing a large tree page by page. */
export async function listRows(): Promise<Row[]> {
  const workspace = await mkdtemp(join(tmpdir(), 'bench-list-'));
  try {
    makeFiles(workspace);
    const startedAtMs = performance.now();
    const expected = await listDirectly(workspace);
    const directMs = performance.now() - startedAtMs;
    return await onStage(
      async ({ gateway, httpUrl }) => {
        await listPages(httpUrl);
        let listed = { count: 0, pagesMs: [] as readonly number[] };
        const growth = await peakGrowth(gateway, async () => {
          listed = await listPages(httpUrl);
        });
        const totalMs = listed.pagesMs.reduce((sum, pageMs) => sum + pageMs, 0);
        return [
          {
            what: `REST, ListFiles over ${formatCount(DIRECTORIES * FILES_EACH)} files, pages of ${formatCount(PAGE_SIZE)}`,
            gateway: `${formatCount(totalMs)} ms, page p50 ${formatCount(percentile(listed.pagesMs, 0.5))} ms, max ${formatCount(Math.max(...listed.pagesMs))} ms`,
            comparedWith: `node:fs ${formatCount(directMs)} ms`,
            result: `ratio ${(directMs / totalMs).toFixed(2)}, RSS peak +${(growth / MB).toFixed(1)} MB`,
            throughput: `${formatCount(listed.count / (totalMs / 1_000))} entries/s${listed.count === expected ? '' : ', incomplete'}`,
            target: `RSS ≤ +${MAX_GROWTH_MB} MB`,
            reached: growth <= MAX_GROWTH_MB * MB && listed.count === expected,
          },
        ];
      },
      { workspace },
    );
  } finally {
    await rm(workspace, { recursive: true });
  }
}
