import { setTimeout as delay } from 'node:timers/promises';
import { grpcDoor } from '../doors.js';
import { onStage, type Stage } from '../stage.js';
import { formatCount, median, type Row } from '../table.js';

const STREAMS = 100;
const DELTAS_PER_SECOND = 600;
const WARM_UP_MS = 5_000;
const ROUNDS = 11;
const SETTLE_MS = 200;
const WINDOW_MS = 4_000;
const SCRAPE_EVERY_MS = 1_000;
/** Of one scrape alone: so many, one behind the other. */
const SCRAPES = 50;
/** Of a core, scraped every second; Prometheus comes every 15 or 30. */
const MAX_PERCENT = 2;
const MILLIS = 1_000;

/** Series of the calls that a gateway has seen which many kinds of callers use. */
const ROUTES = ['/health', '/sessions', '/sessions/none', '/sessions/none/messages', '/sessions/none/todos', '/sessions/none/children'];
const OTHER_ROUTES = ['/agents', '/commands', '/providers', '/permissions', '/questions', '/files', '/models', '/nowhere', '/openapi.json'];

/** What it costs to be scraped every second while 100 readers follow a session: the same work with and without, in turns. */
export const metricsRows = (): Promise<Row[]> =>
  onStage(async (stage) => {
    const { upstream, clients, httpUrl } = stage;
    for (const path of [...ROUTES, ...OTHER_ROUTES]) await (await fetch(httpUrl + path)).arrayBuffer();
    const loadId = await grpcDoor.open(stage, STREAMS);
    await upstream.call('play', DELTAS_PER_SECOND, WARM_UP_MS);
    const rounds: { readonly quiet: number; readonly scraped: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const quiet = await microsPerMessage(stage, loadId, false);
      rounds.push({ quiet, scraped: await microsPerMessage(stage, loadId, true) });
    }
    const { lost } = await clients.call('counts', loadId);
    const [quiet, scraped] = [median(rounds.map((each) => each.quiet)), median(rounds.map((each) => each.scraped))];
    const ratio = median(rounds.map((each) => each.scraped / each.quiet));
    const { millis, bytes } = await costOfScrape(stage);
    const percent = (millis / SCRAPE_EVERY_MS) * 100;
    return [
      {
        what: `metrics scraped every second, gRPC, ${STREAMS} streams, ${DELTAS_PER_SECOND} deltas/s`,
        gateway: `${scraped.toFixed(2)} µs`,
        comparedWith: `${quiet.toFixed(2)} µs without`,
        result: `${percent.toFixed(2)} % of a core: ${millis.toFixed(1)} ms for ${formatCount(bytes / 1_024)} KiB; ratio ${ratio.toFixed(3)}${lost === 0 ? '' : `, incomplete: ${lost} streams lost`}`,
        throughput: `${formatCount(STREAMS * DELTAS_PER_SECOND)} msg/s`,
        target: `≤ ${MAX_PERCENT} % of a core`,
        reached: percent <= MAX_PERCENT && lost === 0,
      },
    ];
  });

/** The gateway's CPU time for each message that arrived. */
async function microsPerMessage(stage: Stage, loadId: number, isScraped: boolean): Promise<number> {
  const { upstream, gateway, clients } = stage;
  const playing = upstream.call('play', DELTAS_PER_SECOND, SETTLE_MS + WINDOW_MS + SETTLE_MS);
  await delay(SETTLE_MS);
  const [used, counted] = await Promise.all([gateway.call('usage'), clients.call('counts', loadId)]);
  for (let elapsedMs = 0; elapsedMs < WINDOW_MS; elapsedMs += SCRAPE_EVERY_MS) {
    if (isScraped) await scrape(stage);
    await delay(SCRAPE_EVERY_MS);
  }
  const [usedAfter, countedAfter] = await Promise.all([gateway.call('usage'), clients.call('counts', loadId)]);
  await playing;
  return (usedAfter.cpuMicros - used.cpuMicros) / (countedAfter.count - counted.count);
}

async function costOfScrape(stage: Stage): Promise<{ readonly millis: number; readonly bytes: number }> {
  const used = await stage.gateway.call('usage');
  let bytes = 0;
  for (let count = 0; count < SCRAPES; count += 1) bytes = await scrape(stage);
  const usedAfter = await stage.gateway.call('usage');
  return { millis: (usedAfter.cpuMicros - used.cpuMicros) / SCRAPES / MILLIS, bytes };
}

/** Gives the size of what was told. */
async function scrape({ httpUrl }: Stage): Promise<number> {
  return (await (await fetch(`${httpUrl}/metrics`)).arrayBuffer()).byteLength;
}
