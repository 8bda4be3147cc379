/**
 * Puts nginx in front of the compiled gateway, as the chart's annotations make ingress-nginx do, and looks whether calls, streams
 * and files come through as they are. QUIET_S says how long streams are silent meanwhile.
 *
 * nginx is Debian's package; where it cannot be had the check is skipped, and says so.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { SessionService } from '../.cache/tools/src/common/grpc/generated/session_pb.js';
import { Conversation } from '../.cache/tools/test/support/conversation.js';
import { GrpcDoor } from '../.cache/tools/test/support/grpc.door.js';
import { RestDoor } from '../.cache/tools/test/support/rest.door.js';
import { TestAuthority } from '../.cache/tools/test/support/test-authority.js';
import { withCompiledGateway } from './compiled-gateway.js';
import { demand, freePort } from './looking.js';
import { chartAnnotations, obtainNginx, withNginx } from './nginx.js';
import { Missing } from './toolchain.js';

const QUIET_S = Number(process.env.QUIET_S ?? 10);
const TOKEN = 'ingress-4f1c77a90be2d358';
const WORDS = 6;
const FILE_BYTES = 64 * 1024 * 1024;
/** Nothing but the annotations keeps silent streams open. */
const settings = { ACCESS_TOKEN: TOKEN, HEARTBEAT_S: '0' };

function tell(text) {
  console.log(`check-ingress: ${text}`);
}

/** How many of the words were seen while the model had not told all of them. */
async function wordsSeenInTime(door, model) {
  const conversation = await Conversation.begin(door);
  let inTime = 0;
  let seen = '';
  for await (const { event } of conversation.stream([{ t: 'text', n: WORDS, ms: 300 }])) {
    const { case: kind, value } = event.case === 'messagePartUpdated' ? event.value.part : {};
    // The prompt is told too.
    if (kind !== 'text' || value.text.includes('SCRIPT') || value.text.length <= seen.length) continue;
    seen = value.text;
    if (model.openStreams > 0) inTime++;
  }
  demand(seen.trim().split(/\s+/).length >= WORDS, `${door.name}: not all was told: ${seen}`);
  return inTime;
}

/** Of a stream that was silent for so long, whether the next event arrives. */
async function survivesQuiet(door) {
  const conversation = await Conversation.begin(door);
  const stream = conversation.watch();
  const events = stream[Symbol.asyncIterator]();
  let awaited = events.next();
  // What a reader gets at first; then nothing, for the session does nothing.
  for (;;) {
    const first = await Promise.race([awaited, pause(2_000, 'quiet')]);
    if (first === 'quiet') break;
    demand(!first.done, `${door.name}: the stream ended at its begin`);
    awaited = events.next();
  }
  const silent = await Promise.race([awaited.then(() => 'an event', String), pause(QUIET_S * 1_000, 'silence')]);
  demand(silent === 'silence', `${door.name}: the stream was to be silent for ${QUIET_S} s, and there came ${silent}`);
  await door.call(SessionService.method.updateSession, { sessionId: conversation.sessionId, title: 'after the silence' });
  const { value, done } = await awaited;
  demand(!done && value.event.case === 'sessionUpdated', `${door.name}: after the silence came ${value?.event.case}`);
  stream.cancel();
  tell(`${door.name}: a stream goes on after ${QUIET_S} s of silence`);
}

async function passesFiles(url, dispatcher) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const sent = randomBytes(FILE_BYTES);
  const put = await request(`${url}/files/big.bin`, {
    dispatcher,
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    body: sent,
  });
  demand(put.statusCode < 300, `PUT of ${FILE_BYTES} bytes: ${put.statusCode} ${await put.body.text()}`);
  await put.body.dump();
  const got = await request(`${url}/files/big.bin`, { dispatcher, headers: { ...headers, accept: 'application/octet-stream' } });
  demand(sent.equals(Buffer.from(await got.body.arrayBuffer())), 'the file came back as another one');
  tell(`REST: a file of ${FILE_BYTES / 1024 / 1024} MiB goes up and down`);
}

/** Whoever forges where a call comes from gets what everybody gets. */
async function ignoresForgedHeaders(url, dispatcher) {
  const forged = {
    'x-forwarded-for': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'gopher',
    forwarded: 'for=127.0.0.1;host=evil.example',
    'x-original-url': '/health',
  };
  const call = async (path, headers) => {
    const { statusCode, headers: answered, body } = await request(url + path, { dispatcher, headers });
    return { statusCode, text: JSON.stringify(answered) + (await body.text()) };
  };
  const stranger = await call('/session', forged);
  demand(stranger.statusCode === 401, `a stranger with forged headers got ${stranger.statusCode}`);
  const caller = await call('/session', { ...forged, authorization: `Bearer ${TOKEN}` });
  demand(caller.statusCode === 200 && !/evil|gopher/.test(caller.text), `forged headers came back: ${caller.text}`);
  tell('REST: forged headers change nothing');
}

/** A folder with a certificate, and the authority that clients ask. */
async function makeCertificate(folder) {
  const authority = await TestAuthority.create();
  const { cert, key } = await authority.issueForServer();
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
  return authority.ca;
}

async function check(folder, model, { grpcAddress, httpUrl }) {
  const ca = await makeCertificate(folder);
  const ports = { http: await freePort(), grpc: await freePort(), buffered: await freePort() };
  const upstreams = { gateway_http: new URL(httpUrl).host, gateway_grpc: grpcAddress };
  const servers = [
    { port: ports.http, annotations: chartAnnotations('HTTP') },
    { port: ports.grpc, annotations: chartAnnotations('GRPC') },
    // What this check would not see if it were blind: the answer is held back, whatever its headers ask for.
    {
      port: ports.buffered,
      annotations: { ...chartAnnotations('HTTP'), 'proxy-buffering': 'on; proxy_ignore_headers X-Accel-Buffering' },
    },
  ];
  await withNginx({ folder, upstreams, servers }, async () => {
    const url = `https://localhost:${ports.http}`;
    const doors = [new RestDoor(url, TOKEN, { ca }), new GrpcDoor(`localhost:${ports.grpc}`, TOKEN, { ca })];
    const buffered = new RestDoor(`https://localhost:${ports.buffered}`, TOKEN, { ca });
    const dispatcher = new Agent({ connect: { ca } });
    try {
      for (const door of doors) {
        await (await Conversation.begin(door)).run([{ t: 'text', value: 'hello' }]);
        tell(`${door.name}: calls work`);
        const inTime = await wordsSeenInTime(door, model);
        demand(inTime >= WORDS - 1, `${door.name}: of ${WORDS} words ${inTime} arrived before all were told`);
        tell(`${door.name}: words arrive one by one`);
      }
      demand((await wordsSeenInTime(buffered, model)) <= 1, 'words arrive one by one through buffers: this check sees nothing');
      await passesFiles(url, dispatcher);
      await ignoresForgedHeaders(url, dispatcher);
      await Promise.all(doors.map(survivesQuiet));
    } finally {
      for (const door of [...doors, buffered]) door.close();
      await dispatcher.destroy();
    }
  });
}

const folder = mkdtempSync(join(tmpdir(), 'check-ingress-'));
try {
  obtainNginx();
  await withCompiledGateway({}, (gateway) => check(folder, gateway.model, gateway), { settings });
} catch (error) {
  if (error instanceof Missing) console.warn(`check-ingress: nginx was SKIPPED: ${error.message}`);
  else {
    console.error(`check-ingress: ${error.message}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
