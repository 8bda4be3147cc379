import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { request } from 'undici';
import { create, toBinary } from '@bufbuild/protobuf';
import { OpenCodeService, ReadFileRequestSchema } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { methodPath } from '../../src/common/grpc/proto-types.js';
import { peakGrowth } from '../peak.js';
import { onStage, type Stage } from '../stage.js';
import { formatCount, type Row } from '../table.js';

const MB = 1_000_000;
const LARGE_BYTES = 1_024 * 1_024 * 1_024;
const CHUNK = Buffer.alloc(256 * 1_024, 'chunk');
const SMALL_BYTES = 4_096;
const CALLERS = 16;
const CALLS_MS = 3_000;
/** What streaming may hold: chunks on their way, and garbage of those that are through. */
const MAX_GROWTH_MB = 64;

function* chunks(): Generator<Buffer> {
  for (let sent = 0; sent < LARGE_BYTES; sent += CHUNK.length) yield CHUNK;
}

/** MB/s of a task that moves the large file once. */
async function throughputOf(task: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await task();
  return LARGE_BYTES / MB / ((performance.now() - startedAtMs) / 1_000);
}

async function drain(source: Readable): Promise<void> {
  await finished(source.resume());
}

async function writeDirectly(path: string): Promise<void> {
  const handle = await open(path, 'w');
  for (const chunk of chunks()) await handle.write(chunk);
  await handle.sync();
  await handle.close();
}

interface Comparison {
  readonly what: string;
  readonly throughGateway: () => Promise<void>;
  readonly directly: () => Promise<void>;
}

async function toRow({ gateway }: Stage, { what, throughGateway, directly }: Comparison): Promise<Row> {
  const direct = await throughputOf(directly);
  let through = 0;
  const growth = await peakGrowth(gateway, async () => {
    through = await throughputOf(throughGateway);
  });
  return {
    what,
    gateway: `${formatCount(through)} MB/s`,
    comparedWith: `node:fs ${formatCount(direct)} MB/s`,
    result: `ratio ${(through / direct).toFixed(2)}, RSS peak +${(growth / MB).toFixed(1)} MB`,
    throughput: `${formatCount(through)} MB/s`,
    target: `RSS ≤ +${MAX_GROWTH_MB} MB`,
    reached: growth <= MAX_GROWTH_MB * MB,
  };
}

async function smallRow({ clients, grpcAddress }: Stage, workspace: string): Promise<Row> {
  const path = join(workspace, 'small.txt');
  await writeFile(path, Buffer.alloc(SMALL_BYTES, 'small'));
  const bytes = toBinary(ReadFileRequestSchema, create(ReadFileRequestSchema, { path: 'small.txt' }));
  const target = { address: grpcAddress, path: methodPath(OpenCodeService.method.readFile), request: bytes, connections: 4 };
  const loadId = await clients.call('openGrpcCalls', target, CALLERS);
  await clients.call('callFor', loadId, CALLS_MS);
  const through = (await clients.call('callFor', loadId, CALLS_MS)) / (CALLS_MS / 1_000);
  let read = 0;
  const endsAtMs = performance.now() + CALLS_MS;
  const reader = async (): Promise<void> => {
    for (; performance.now() < endsAtMs; read += 1) await readFile(path);
  };
  await Promise.all(Array.from({ length: CALLERS }, reader));
  const direct = read / (CALLS_MS / 1_000);
  const { lost } = await clients.call('counts', loadId);
  return {
    what: `gRPC, ReadFile of ${formatCount(SMALL_BYTES)} bytes, ${CALLERS} callers`,
    gateway: `${formatCount(through)} reads/s`,
    comparedWith: `node:fs ${formatCount(direct)} reads/s, without a door`,
    result: `ratio ${(through / direct).toFixed(2)}${lost === 0 ? '' : `, ${lost} lost`}`,
    throughput: `${formatCount(through)} reads/s`,
    target: 'none',
    reached: undefined,
  };
}

/** Files through the gateway against node:fs in a process of its own, which goes through no network. */
export async function fileRows(): Promise<Row[]> {
  const workspace = await mkdtemp(join(tmpdir(), 'bench-files-'));
  try {
    return await onStage(
      async (stage) => {
        const url = `${stage.httpUrl}/files/large.bin`;
        const headers = { 'content-type': 'application/octet-stream', accept: 'application/octet-stream' };
        const upload = async (): Promise<void> => {
          await drain((await request(url, { method: 'PUT', headers, body: Readable.from(chunks()) })).body);
        };
        const download = async (): Promise<void> => drain((await request(url, { headers })).body);
        const directPath = join(workspace, 'direct.bin');
        return [
          await toRow(stage, { what: 'REST, raw upload of 1 GiB', throughGateway: upload, directly: () => writeDirectly(directPath) }),
          await toRow(stage, {
            what: 'REST, raw download of 1 GiB',
            throughGateway: download,
            directly: () => drain(createReadStream(directPath, { highWaterMark: CHUNK.length })),
          }),
          await smallRow(stage, workspace),
        ];
      },
      { workspace },
    );
  } finally {
    await rm(workspace, { recursive: true });
  }
}
