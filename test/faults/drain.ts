import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { OpencodeServer } from '../support/opencode-server.js';
import { GatewayProcess } from './gateways.js';
import { moveStreams } from './moving-streams.js';

/** Many streams, a gateway that is told to stop under them, and how long the last of them takes to go on at another. */
const { values } = parseArgs({ options: { streams: { type: 'string', default: '1000' } } });
const GATEWAY = fileURLToPath(new URL('../../src/main.js', import.meta.url));

const opencode = await OpencodeServer.start();
const start = (): Promise<GatewayProcess> => GatewayProcess.start(GATEWAY, opencode.url, { DRAIN_TIMEOUT_MS: '20000' });
const [leaving, staying] = await Promise.all([start(), start()]);
let stopped: Promise<void> | undefined;
const moved = await moveStreams(leaving.address(), staying.address(), Number(values.streams), () => {
  stopped = leaving.stop();
});
await stopped;
await staying.stop();
await opencode.stop();
console.log(moved);
const { streams, told, resumed, whole } = moved;
process.exitCode = [told, resumed, whole].every((count) => count === streams) ? 0 : 1;
