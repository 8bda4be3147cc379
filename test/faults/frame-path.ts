import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../support/random.js';
import type { Ending, FrameFault, PlannedFault } from './faults.js';
import { corrupted, rechunked, topicOf } from './frames.js';

/** One open `/global/event` stream towards the gateway. */
export interface Wire {
  readonly isOpen: boolean;
  /** One chunk of the body. */
  write(bytes: Buffer): Promise<void>;
  cut(ending: Ending): Promise<void>;
}

/** What frame faults do beyond the stream they meet. */
export interface Surroundings {
  refuse(ms: number): void;
  stall(ms: number, then: 'heal' | 'cut'): Promise<void>;
  kill(kind: 'kill-opencode' | 'kill-gateway'): void;
  happened(kind: PlannedFault['fault']['kind']): void;
}

type FrameTriggered = Extract<PlannedFault, { readonly frame: number }>;

/** A batch waits no longer than this for frames that may not come. */
const BATCH_MS = 30;

/** The way of a run's frames from OpenCode to the gateway, through the faults that are planned for it. */
export class FramePath {
  /** Types of the frames that were dropped: what nobody can know of. */
  readonly dropped: string[] = [];
  /** Frames of the run's sessions so far, over all connections. */
  seen = 0;
  private delay = { ms: 0, left: 0 };
  private chunking: { how: 'bytes' | 'anywhere' | 'batch'; left: number; random: Random } | undefined;
  private batch: Buffer[] = [];
  private flushing: NodeJS.Timeout | undefined;
  private dropLeft = 0;
  private actions: { readonly due: number; readonly act: () => void }[] = [];
  private again: { readonly frame: Buffer; readonly due: number }[] = [];

  constructor(
    /** Of the run; their sub-agents' are found here. */
    private readonly sessionIds: Set<string>,
    private faults: readonly FrameTriggered[],
    private readonly surroundings: Surroundings,
  ) {}

  /** No more faults. What is held back is not forgotten. */
  end(): void {
    this.faults = [];
    this.again = [];
    this.dropLeft = 0;
    this.delay.left = 0;
    this.chunking = undefined;
  }

  /** Does something when so many more frames have passed, faults or not. */
  after(frames: number, act: () => void): void {
    this.actions.push({ due: this.seen + frames, act });
  }

  /** Passes a frame on, or does to it what is due. */
  async pass(frame: Buffer, wire: Wire): Promise<void> {
    const topic = topicOf(frame);
    if (topic?.parentId !== undefined && this.sessionIds.has(topic.parentId)) this.sessionIds.add(topic.sessionId);
    if (topic === undefined || !this.sessionIds.has(topic.sessionId)) return wire.write(frame);
    this.seen += 1;
    for (const { act } of this.actions.filter(({ due }) => due === this.seen)) act();
    let passing = [frame];
    let ending: Ending | undefined;
    for (const { fault } of this.faults.filter((planned) => planned.frame === this.seen)) {
      this.surroundings.happened(fault.kind);
      if (fault.kind === 'cut') {
        passing = fault.at === 'before' ? [] : fault.at === 'after' ? passing : [frame.subarray(0, Math.floor(frame.length / 2))];
        ending = fault.ending;
      } else if (fault.kind === 'kill-opencode' || fault.kind === 'kill-gateway') this.surroundings.kill(fault.kind);
      else if (fault.kind === 'corrupt') passing = passing.map((bytes) => corrupted(bytes, fault.how));
      else if (fault.kind === 'duplicate' && fault.later === 0) passing = [...passing, frame];
      else await this.begin(fault, frame);
    }
    if (this.dropLeft > 0) {
      this.dropLeft -= 1;
      this.dropped.push(topic.type);
      passing = [];
    }
    for (const bytes of passing) await this.write(bytes, wire);
    await this.repeat(wire);
    if (ending !== undefined) await this.flush(wire).then(() => wire.cut(ending));
  }

  /** Faults that last longer than their frame. */
  private async begin(fault: Exclude<FrameFault, { kind: 'cut' | 'corrupt' }>, frame: Buffer): Promise<void> {
    switch (fault.kind) {
      case 'refuse':
        return this.surroundings.refuse(fault.ms);
      case 'stall':
        return this.surroundings.stall(fault.ms, fault.then);
      case 'delay':
        this.delay = { ms: fault.ms, left: fault.frames };
        return;
      case 'rechunk':
        this.chunking = { how: fault.how, left: fault.frames, random: new Random(fault.seed) };
        return;
      case 'duplicate':
        this.again.push({ frame, due: this.seen + fault.later });
        return;
      case 'drop':
        this.dropLeft = fault.frames;
        return;
    }
  }

  private async repeat(wire: Wire): Promise<void> {
    const due = this.again.filter((repeated) => repeated.due <= this.seen);
    this.again = this.again.filter((repeated) => repeated.due > this.seen);
    for (const { frame } of due) await this.write(frame, wire);
  }

  private async write(bytes: Buffer, wire: Wire): Promise<void> {
    if (this.delay.left > 0) {
      this.delay.left -= 1;
      await pause(this.delay.ms);
    }
    const { chunking } = this;
    if (chunking === undefined) return this.flush(wire).then(() => wire.write(bytes));
    chunking.left -= 1;
    if (chunking.left <= 0) this.chunking = undefined;
    if (chunking.how !== 'batch') {
      // What an earlier fault holds back was first.
      await this.flush(wire);
      for (const chunk of rechunked(bytes, chunking.how, chunking.random)) await wire.write(chunk);
      return;
    }
    this.batch.push(bytes);
    clearTimeout(this.flushing);
    if (this.chunking === undefined) await this.flush(wire);
    else this.flushing = setTimeout(() => void this.flush(wire), BATCH_MS);
  }

  private async flush(wire: Wire): Promise<void> {
    const bytes = Buffer.concat(this.batch.splice(0));
    if (bytes.length > 0) await wire.write(bytes);
  }
}
