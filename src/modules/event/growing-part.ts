import type { TextPart } from '../message/message.model.js';
import type { TextDelta } from './event.model.js';

/** A part whose text is still being written, as far as we have seen it. */
export class GrowingPart {
  private text: string;
  private byteLength: number;
  /** Half of a surrogate pair, kept back until its other half comes: alone it has no UTF-8 form. */
  private carried = '';
  private known = true;
  private lastDeltaId = '';

  constructor(
    private readonly part: TextPart,
    readonly directory: string,
  ) {
    this.text = part.text;
    this.byteLength = Buffer.byteLength(part.text);
  }

  get sessionId(): string {
    return this.part.sessionId;
  }

  get messageId(): string {
    return this.part.messageId;
  }

  get id(): string {
    return this.part.id;
  }

  /** Deltas were missed: what we have is no longer a beginning of the text. Its closing update will tell it whole. */
  lose(): void {
    this.known = false;
  }

  /**
   * Undefined when the growth cannot be told: deltas were missed before it, it is known, or it was half a character.
   *
   * Ids of events ascend, so a delta that came twice shows by its id.
   */
  grow(delta: string, deltaId: string): TextDelta | undefined {
    if (!this.known || (deltaId !== '' && deltaId <= this.lastDeltaId)) return undefined;
    this.lastDeltaId = deltaId;
    const { whole, half } = splitTrailingSurrogate(this.carried + delta);
    this.carried = half;
    if (whole === '') return undefined;
    const offset = this.byteLength;
    this.text += whole;
    this.byteLength += Buffer.byteLength(whole);
    const { id, messageId, sessionId, type } = this.part;
    return { id, messageId, sessionId, type, delta: whole, offset };
  }

  /** The whole text so far; undefined when it is not known or empty. */
  snapshot(): TextPart | undefined {
    return this.known && this.text !== '' ? { ...this.part, text: this.text } : undefined;
  }
}

function splitTrailingSurrogate(text: string): { readonly whole: string; readonly half: string } {
  const last = text.charCodeAt(text.length - 1);
  const isHighSurrogate = last >= 0xd800 && last <= 0xdbff;
  return isHighSurrogate ? { whole: text.slice(0, -1), half: text.slice(-1) } : { whole: text, half: '' };
}
