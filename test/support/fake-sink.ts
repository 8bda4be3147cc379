import type { StreamSink } from '../../src/common/streams/bounded-writer.js';

export interface Note {
  readonly name: string;
  readonly position?: string;
}

/** A peer that takes messages only while it is willing, and remembers what was done to it. */
export class FakeSink implements StreamSink<Note> {
  readonly log: string[] = [];
  error: unknown;
  willing = true;
  startPosition: string | undefined;
  heartbeat: Buffer | undefined = Buffer.from('<beat>');
  bufferedBytes = 0;
  isLeaving = false;
  private readonly drainListeners: (() => void)[] = [];
  private readonly closeListeners: (() => void)[] = [];

  encode({ name }: Note): Buffer {
    return Buffer.from(name);
  }

  positionOf({ position }: Note): string | undefined {
    return position;
  }

  write(bytes: Buffer): boolean {
    this.log.push(bytes.toString());
    return this.willing;
  }

  end(): void {
    this.log.push('<end>');
  }

  fail(error: unknown): void {
    this.error = error;
    this.log.push('<fail>');
  }

  destroy(): void {
    this.log.push('<destroy>');
  }

  onDrain(listener: () => void): void {
    this.drainListeners.push(listener);
  }

  onClose(listener: () => void): void {
    this.closeListeners.push(listener);
  }

  drain(): void {
    this.drainListeners.forEach((listener) => listener());
  }

  close(): void {
    this.closeListeners.forEach((listener) => listener());
  }
}
