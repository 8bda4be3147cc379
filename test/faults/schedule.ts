import { Random } from '../support/random.js';
import { script, type Operation } from '../support/scripted-model.js';
import { drawCallFault, drawFrameFault, type CallName, type PlannedFault } from './faults.js';
import { MISBEHAVIOURS, type Misbehaviour } from './faulty-session.js';
import type { Habit, ReaderPlan } from './reader.js';

/** A prompt, how it is sent, and what its sender does meanwhile. Counts are of frames that passed since it was sent. */
export interface PromptPlan {
  readonly calls: readonly (readonly Operation[])[];
  /** Of the faulty upstream, which runs no script. */
  readonly misbehaviour?: Misbehaviour;
  readonly way: 'run' | 'stream' | 'send';
  readonly door: 'grpc' | 'rest';
  /** Sent at once, behind the one before; else when that has ended. */
  readonly queued: boolean;
  /** What is answered to a permission request; `ignore` ends in an abort. */
  readonly answer: 'once' | 'reject' | 'ignore';
  readonly abortAfter: number | undefined;
  /** The caller's connection goes, and it sends the same request again. */
  readonly vanishAfter: number | undefined;
  /** To the other gateway, if it vanishes. */
  readonly repeatElsewhere: boolean;
}

export interface SessionPlan {
  readonly prompts: readonly PromptPlan[];
  readonly readers: readonly ReaderPlan[];
}

/** A whole run, made of its seed alone. */
export interface RunPlan {
  readonly seed: number;
  readonly sessions: readonly SessionPlan[];
  readonly faults: readonly PlannedFault[];
}

const WORDS = ['Grüße ', '世界 ', '😀👩‍👩‍👧 ', 'e\u0301 ', 'plain ', '"quoted\\" ', '\n\n', 'data: {} ', 'ß'];
/** A short turn has about so many frames. */
const FRAMES_A_PROMPT = 35;
const CALLS: readonly CallName[] = [
  'prompt',
  'prompt',
  'session',
  'messages',
  'statuses',
  'abort',
  'permissions',
  'reply',
  'history',
  'stream',
];

/** Where a run is played: at an OpenCode that runs for many runs, at one that is killed, or at one that misbehaves. */
export type Scene = 'calm' | 'killing' | 'faulty';

/** A killed process takes seconds to come back, and a watchdog to bark: a small share of the runs is enough. */
const KILLING_SHARE = 25;
const FAULTY_SHARE = 20;

export function sceneOf(seed: number): Scene {
  if (seed % KILLING_SHARE === 0) return 'killing';
  return seed % FAULTY_SHARE === 1 ? 'faulty' : 'calm';
}

/** The run that a seed stands for. */
export function planOf(seed: number): RunPlan {
  switch (sceneOf(seed)) {
    case 'calm':
      return drawRun(seed);
    case 'killing':
      return drawRun(seed, new Random(seed).pick(['kill-opencode', 'kill-gateway'] as const));
    case 'faulty':
      return drawFaultyRun(seed);
  }
}

/** @param kill which process is killed in the run, if any */
function drawRun(seed: number, kill?: 'kill-opencode' | 'kill-gateway'): RunPlan {
  const random = new Random(seed);
  const sessions = Array.from({ length: oneIn(random, 5) ? 2 : 1 }, () => drawSession(random));
  const frames = FRAMES_A_PROMPT * sessions.reduce((sum, { prompts }) => sum + prompts.length, 0);
  const faults = Array.from({ length: 1 + random.below(3) }, () => drawFault(random, frames));
  // The kill comes first in its run: what else is planned then strikes a gateway that has to find its way back.
  const killing: PlannedFault[] = kill === undefined ? [] : [{ frame: 1 + random.below(frames), fault: { kind: kill } }];
  return { seed, sessions, faults: [...killing, ...faults] };
}

/** A run at the faulty upstream: what it does wrong is the fault. */
function drawFaultyRun(seed: number): RunPlan {
  const random = new Random(seed);
  // One after the other, so that a short slice has all of them.
  const misbehaviour = MISBEHAVIOURS[Math.floor(seed / FAULTY_SHARE) % MISBEHAVIOURS.length] ?? 'none';
  const prompt: PromptPlan = {
    calls: [],
    misbehaviour,
    way: random.pick(['run', 'stream', 'send'] as const),
    door: random.pick(['grpc', 'rest'] as const),
    queued: false,
    answer: 'once',
    // The frames behind the prompt: its own four, busy, and the first of the answer.
    abortAfter: misbehaviour === 'busy-for-ever' ? 6 : undefined,
    vanishAfter: undefined,
    repeatElsewhere: false,
  };
  return { seed, sessions: [{ prompts: [prompt], readers: [drawReader(random), drawReader(random)] }], faults: [] };
}

function drawFault(random: Random, frames: number): PlannedFault {
  if (random.below(10) < 7) return { frame: 1 + random.below(frames), fault: drawFrameFault(random) };
  return { call: random.pick(CALLS), nth: 1 + random.below(3), fault: drawCallFault(random) };
}

function drawSession(random: Random): SessionPlan {
  return {
    prompts: Array.from({ length: random.pick([1, 1, 1, 2, 2, 3]) }, () => drawPrompt(random)),
    readers: Array.from({ length: random.pick([1, 1, 2, 3]) }, () => drawReader(random)),
  };
}

function drawPrompt(random: Random): PromptPlan {
  const endless = oneIn(random, 12);
  const vanishes = oneIn(random, 4);
  const way = random.pick(['run', 'stream', 'stream', 'send'] as const);
  const queued = oneIn(random, 3);
  return {
    calls: endless ? [[{ t: 'endless', ms: 5 }]] : drawScript(random),
    way,
    // A gRPC client has no way to lose a single unary call.
    door: vanishes && way === 'run' ? 'rest' : random.pick(['grpc', 'rest'] as const),
    queued,
    answer: random.pick(['once', 'once', 'once', 'reject', 'ignore']),
    abortAfter: endless || oneIn(random, 8) ? 5 + random.below(50) : undefined,
    vanishAfter: vanishes && way !== 'send' ? 1 + random.below(40) : undefined,
    repeatElsewhere: !queued && oneIn(random, 3),
  };
}

function drawScript(random: Random): readonly (readonly Operation[])[] {
  const end = drawText(random);
  switch (random.below(16)) {
    case 15:
      return [[{ t: 'tool', name: 'task', args: drawTask(random) }], [end]];
    case 0:
    case 1:
      return [[{ t: 'tool', name: 'bash', args: { command: 'echo asked', description: 'asks' } }], [end]];
    case 2:
    case 3:
      return [[drawText(random), { t: 'tool', name: 'read', args: { filePath: 'README.md' } }], [end]];
    case 4:
      return [[{ t: 'http', status: 400 }]];
    case 5:
    case 6:
      return [[{ t: 'http', status: 429, times: 1, headers: { 'retry-after-ms': '20' } }, end]];
    case 7:
    case 8:
      return [[{ ...drawText(random), t: 'reasoning' }, end]];
    default:
      return [[end]];
  }
}

/** A sub-agent with a script of its own, in a session of its own. */
function drawTask(random: Random): { description: string; prompt: string; subagent_type: string } {
  return { description: 'helps', prompt: script([drawText(random)]), subagent_type: 'general' };
}

function drawText(random: Random): Extract<Operation, { t: 'text' | 'reasoning' }> {
  const value = Array.from({ length: 3 + random.below(25) }, () => random.pick(WORDS)).join('');
  return { t: 'text', value, chunk: 1 + random.below(6), ms: random.pick([0, 0, 1, 3]) };
}

function drawReader(random: Random): ReaderPlan {
  return {
    door: random.pick(['grpc', 'sse'] as const),
    deltas: oneIn(random, 2),
    habits: Array.from({ length: random.below(3) }, () => drawHabit(random)),
  };
}

function drawHabit(random: Random): Habit {
  const after = 1 + random.below(40);
  switch (random.below(4)) {
    case 0:
      return { kind: 'slow', after, events: 1 + random.below(20), ms: 1 + random.below(10) };
    case 1:
      return { kind: 'stop', after, ms: 20 + random.below(300) };
    case 2:
      return { kind: 'vanish', after, ms: random.below(300) };
    default:
      return { kind: 'move', after };
  }
}

function oneIn(random: Random, count: number): boolean {
  return random.below(count) === 0;
}
