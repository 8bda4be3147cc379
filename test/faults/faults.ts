import type { Random } from '../support/random.js';

/** How a connection ends: reset, half-closed in the middle of an answer, or with a proper end of the answer. */
export type Ending = 'rst' | 'fin' | 'end';

/** What happens to `/global/event` when the run's nth frame passes. */
export type FrameFault =
  | { readonly kind: 'cut'; readonly ending: Ending; readonly at: 'before' | 'inside' | 'after' }
  /** The stream is cut, and nobody gets through for a while. */
  | { readonly kind: 'refuse'; readonly ms: number }
  /** Nothing passes, the sockets stay open; then all goes on, or all is cut. */
  | { readonly kind: 'stall'; readonly ms: number; readonly then: 'heal' | 'cut' }
  | { readonly kind: 'delay'; readonly ms: number; readonly frames: number }
  /** One byte a chunk; cuts anywhere, inside characters too; or many frames in one chunk. */
  | { readonly kind: 'rechunk'; readonly how: 'bytes' | 'anywhere' | 'batch'; readonly frames: number; readonly seed: number }
  /** The frame comes again, `later` frames behind itself. */
  | { readonly kind: 'duplicate'; readonly later: number }
  | { readonly kind: 'drop'; readonly frames: number }
  | { readonly kind: 'corrupt'; readonly how: 'garbage' | 'truncated' | 'null' };

/** What happens to a plain call on its way to OpenCode, or to the answer on its way back. */
export type CallFault =
  | { readonly kind: 'cut-call'; readonly when: 'before' | 'after' }
  | { readonly kind: 'delay-call'; readonly when: 'before' | 'after'; readonly ms: number };

export type ProcessFault = { readonly kind: 'kill-opencode' } | { readonly kind: 'kill-gateway' };

/** Calls of the gateway by what they are for. */
export const CALLS = {
  prompt: /^POST \/session\/[^/]+\/prompt_async$/,
  session: /^GET \/session\/[^/]+$/,
  messages: /^GET \/session\/[^/]+\/message(\/|$)/,
  statuses: /^GET \/session\/status$/,
  abort: /^POST \/session\/[^/]+\/abort$/,
  permissions: /^GET \/permission$/,
  reply: /^POST \/permission\/[^/]+\/reply$/,
  history: /^POST \/sync\/history$/,
  stream: /^GET \/global\/event$/,
} as const;

export type CallName = keyof typeof CALLS;

/** A fault and what sets it off: progress, never a clock, so that a seed tells the whole schedule. */
export type PlannedFault =
  | { readonly frame: number; readonly fault: FrameFault | ProcessFault }
  | { readonly call: CallName; readonly nth: number; readonly fault: CallFault };

export type FaultKind = PlannedFault['fault']['kind'];

const ENDINGS: readonly Ending[] = ['rst', 'fin', 'end'];

const DRAWS: Readonly<Record<FrameFault['kind'], (random: Random) => FrameFault>> = {
  cut: (random) => ({ kind: 'cut', ending: random.pick(ENDINGS), at: random.pick(['before', 'inside', 'after']) }),
  refuse: (random) => ({ kind: 'refuse', ms: 50 + random.below(300) }),
  stall: (random) => ({ kind: 'stall', ms: 50 + random.below(350), then: random.pick(['heal', 'heal', 'cut']) }),
  delay: (random) => ({ kind: 'delay', ms: 1 + random.below(20), frames: 1 + random.below(15) }),
  rechunk: (random) => ({
    kind: 'rechunk',
    how: random.pick(['bytes', 'anywhere', 'anywhere', 'batch']),
    frames: 1 + random.below(30),
    seed: random.below(1e9),
  }),
  duplicate: (random) => ({ kind: 'duplicate', later: random.pick([0, 0, 1, 2, 5, 20]) }),
  drop: (random) => ({ kind: 'drop', frames: random.pick([1, 1, 1, 2, 3]) }),
  corrupt: (random) => ({ kind: 'corrupt', how: random.pick(['garbage', 'truncated', 'null']) }),
};

export const FRAME_FAULTS = Object.keys(DRAWS) as FrameFault['kind'][];

export function drawFrameFault(random: Random): FrameFault {
  return DRAWS[random.pick(FRAME_FAULTS)](random);
}

export function drawCallFault(random: Random): CallFault {
  const when = random.pick(['before', 'after'] as const);
  return random.below(3) === 0 ? { kind: 'delay-call', when, ms: 10 + random.below(200) } : { kind: 'cut-call', when };
}
