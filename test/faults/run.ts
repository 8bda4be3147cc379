import { setTimeout as pause } from 'node:timers/promises';
import { PermissionService } from '../../src/common/grpc/generated/tool_pb.js';
import { openDoor } from './caller.js';
import type { FaultKind } from './faults.js';
import { isShown, violationsOf } from './invariants.js';
import { SessionPlay } from './play.js';
import type { Reader } from './reader.js';
import { sceneOf, type RunPlan } from './schedule.js';
import type { Lane } from './stage.js';

export interface RunResult {
  readonly plan: RunPlan;
  readonly violations: readonly string[];
  readonly struck: readonly FaultKind[];
  readonly readers: number;
  /** Times that readers came back. */
  readonly resumes: number;
  readonly resyncs: number;
  readonly durableEvents: number;
  readonly ms: number;
}

/** Faults end, whether all of them have struck or not, when nothing has moved for so long. */
const STANDSTILL_MS = 2_500;
/** But no later than after so many looks: an endless prompt moves for ever. */
const LOOKS = 8;
/** Whoever waits longer than this after the last fault waits for ever: above every watchdog of the gateway. */
const FOR_EVER_MS = 40_000;
/** A request for permission that nobody knows of is looked for after this time. */
const UNSEEN_MS = 2_500;
const QUIET_MS = 15_000;
const LEAVE_MS = 10_000;

/** Plays a run to its end, through its faults and into the quiet behind them, and checks what must hold. */
export async function playRun(plan: RunPlan, lane: Lane): Promise<RunResult> {
  const beganAtMs = Date.now();
  await lane.gateway.untilReady();
  const plays = await Promise.all(plan.sessions.map((session, index) => SessionPlay.begin(lane, session, `run-${plan.seed}-s${index}`)));
  const kills: Promise<void>[] = [];
  lane.proxy.arm({
    sessionIds: new Set(plays.map(({ sessionId }) => sessionId)),
    faults: plan.faults,
    onKill: (kind) => kills.push(lane.kill(kind)),
  });
  const performing = Promise.all(plays.map((play) => play.perform())).then(() => true as const);
  await untilStandstill(performing, lane);
  const { dropped, struck } = lane.proxy;
  lane.proxy.disarm();
  await Promise.all(kills);
  const waiting = await untilPerformed(performing, plays, lane, dropped);
  const quiet = (await Promise.all(plays.map((play) => untilQuiet(play, lane)))).flat();
  for (const play of plays) play.stopTrying();
  await Promise.all(plays.flatMap(({ readers }) => readers.map((reader) => reader.leave())));
  const leftovers = await untilForgotten(plays, lane);
  const evidence = await Promise.all(plays.map((play) => evidenceOf(play, lane, dropped)));
  const readers = plays.flatMap((play) => play.readers);
  if (sceneOf(plan.seed) !== 'faulty') await Promise.all(plays.map(({ sessionId }) => lane.records.remove(sessionId)));
  return {
    plan,
    violations: [...waiting, ...quiet, ...leftovers, ...plays.flatMap(({ complaints }) => complaints), ...evidence.flatMap(violationsOf)],
    struck: [...struck],
    readers: readers.length,
    resumes: readers.reduce((sum, { timesOpened }) => sum + timesOpened - 1, 0),
    resyncs: readers.reduce((sum, reader) => sum + resyncsOf(reader), 0),
    durableEvents: evidence.reduce((sum, { history }) => sum + history.length, 0),
    ms: Date.now() - beganAtMs,
  };
}

/** Waits until all is performed, or no frame of the run comes any more. */
async function untilStandstill(performing: Promise<true>, { proxy }: Lane): Promise<void> {
  for (let seen = -1, looks = 0; seen !== proxy.framesSeen && looks < LOOKS; looks += 1) {
    seen = proxy.framesSeen;
    if (await Promise.race([performing, pause(STANDSTILL_MS, false)])) return;
  }
}

/** Waits for callers and turns; what was asked and never told is aborted by somebody in the end. */
async function untilPerformed(
  performing: Promise<true>,
  plays: readonly SessionPlay[],
  lane: Lane,
  dropped: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const deadlineMs = Date.now() + FOR_EVER_MS; Date.now() < deadlineMs;) {
    if (await Promise.race([performing, pause(UNSEEN_MS, false)])) return found;
    for (const play of plays) {
      const asked = await lane.records.permissions(play.sessionId);
      if (play.awaitsAbort) void play.abort();
      if (asked.length === 0 || play.aborted) continue;
      if (!dropped.includes('permission.asked') && !(await knowsAsks(play, lane)))
        found.push(`${play.sessionId}: nobody was told of a request`);
      void play.abort();
    }
  }
  const late = plays.flatMap(({ sent }) => sent.filter(({ outcome }) => outcome === undefined).map(({ requestId }) => requestId));
  for (const play of plays) play.stopTrying();
  return [...found, `waits for ever: ${late.join(', ') || 'the end of a turn'}`];
}

async function knowsAsks({ sessionId }: SessionPlay, { gateway }: Lane): Promise<boolean> {
  const door = openDoor('rest', gateway.address());
  const { permissions } = await door.call(PermissionService.method.listPermissions, { sessionId }).finally(() => door.close());
  return permissions.length > 0;
}

/** Waits until OpenCode rests and every reader has what it wrote. What then is missing the invariants will tell. */
async function untilQuiet({ sessionId, readers }: SessionPlay, { records }: Lane): Promise<string[]> {
  await records.touch(sessionId);
  let before = -1;
  let busy = true;
  for (const deadlineMs = Date.now() + QUIET_MS; Date.now() < deadlineMs; await pause(60)) {
    busy = await records.isBusy(sessionId);
    const history = await records.history(sessionId);
    const last = history.filter(isShown).at(-1)?.seq ?? 0;
    const isRead = readers.every((reader) => reader.position.sequence >= last || endsWithResync(reader));
    if (!busy && isRead && history.length === before) return [];
    before = history.length;
  }
  if (!busy) return [];
  // Or it would slow down all runs to come.
  await records.abort(sessionId);
  return [`${sessionId}: OpenCode is busy for ever`];
}

function endsWithResync(reader: Reader): boolean {
  const last = reader.events.filter(({ event, sequence }) => event.case === 'resync' || sequence !== undefined).at(-1);
  return last?.event.case === 'resync';
}

/** A gateway that nobody uses any more holds nothing. */
async function untilForgotten(plays: readonly SessionPlay[], { gateway }: Lane): Promise<string[]> {
  for (const deadlineMs = Date.now() + LEAVE_MS; ; await pause(20)) {
    const left = plays.flatMap(({ sessionId }) =>
      gateway.leftovers(sessionId).map((what) => `${sessionId}: the gateway still holds ${what}`),
    );
    if (left.length === 0 || Date.now() > deadlineMs) return left;
  }
}

async function evidenceOf(play: SessionPlay, { records, requests }: Lane, dropped: readonly string[]) {
  const { sessionId, readers, sent, aborted } = play;
  const [history, messages, childIds] = await Promise.all([
    records.history(sessionId),
    records.messages(sessionId),
    records.children(sessionId),
  ]);
  const children = new Map(await Promise.all(childIds.map(async (id) => [id, await records.history(id)] as const)));
  return { sessionId, readers, sent, aborted, dropped, history, children, messages, requests: requests() };
}

function resyncsOf(reader: Reader): number {
  return reader.events.filter(({ event }) => event.case === 'resync').length;
}
