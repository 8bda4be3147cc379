import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { a2aRows } from './rows/a2a.rows.js';
import { fileRows } from './rows/files.rows.js';
import { listRows } from './rows/list.rows.js';
import { ingestRows, sessionsRows } from './rows/ingest.rows.js';
import { latencyRows } from './rows/latency.rows.js';
import { memoryRows } from './rows/memory.rows.js';
import { metricsRows } from './rows/metrics.rows.js';
import { overloadRows } from './rows/overload.rows.js';
import { resumeRows } from './rows/resume.rows.js';
import { slowReaderRows } from './rows/slow-reader.rows.js';
import { soakRows } from './rows/soak.rows.js';
import { fanOutRows, oneStreamRows } from './rows/streams.rows.js';
import { tracingRows } from './rows/tracing.rows.js';
import { restUnaryRows, unaryRows } from './rows/unary.rows.js';
import { toMarkdown, type Row } from './table.js';

/** Measures the gateway against what Node can do at best, on this machine, in this run. Nothing here passes or fails. */
const measurements: Readonly<Record<string, () => Promise<Row[]>>> = {
  unary: unaryRows,
  'rest-unary': restUnaryRows,
  stream: oneStreamRows,
  fanout: fanOutRows,
  latency: latencyRows,
  memory: memoryRows,
  'slow-reader': slowReaderRows,
  ingest: ingestRows,
  sessions: sessionsRows,
  resume: resumeRows,
  overload: () => overloadRows(Number(values.seconds)),
  metrics: metricsRows,
  a2a: a2aRows,
  tracing: tracingRows,
  files: async () => [...(await fileRows()), ...(await listRows())],
};
/** Only when named: it takes twenty minutes. */
const LONG = { soak: soakRows };

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(measurements).join(',') },
    /** How long the overload lasts. */
    seconds: { type: 'string', default: '60' },
  },
});
const rows: Row[] = [];
for (const name of values.only.split(',')) {
  const measure = { ...measurements, ...LONG }[name];
  if (measure === undefined) throw new Error(`--only takes a list of ${Object.keys({ ...measurements, ...LONG }).join(', ')}`);
  console.error(`${name} …`);
  rows.push(...(await measure()));
}
const [cpu] = cpus();
console.log(`${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, Node ${process.version}. CPU times are those of the server's process.\n`);
console.log(toMarkdown(rows));
