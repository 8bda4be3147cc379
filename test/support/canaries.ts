import { randomBytes } from 'node:crypto';

/** Secrets that occur nowhere but where they were planted, each under the name of that place. */
export class Canaries {
  private readonly values = new Map<string, string>();

  /** Always the same for the same place. Letters and digits alone: no coding changes it. */
  plant(place: string): string {
    const value = this.values.get(place) ?? `c${randomBytes(12).toString('hex')}`;
    this.values.set(place, value);
    return value;
  }

  get places(): string[] {
    return [...this.values.keys()];
  }

  /** The places whose secret the text gives away, as it is or in base64. */
  foundIn(text: string): string[] {
    return [...this.values].filter(([, value]) => codings(value).some((coded) => text.includes(coded))).map(([place]) => place);
  }
}

/** Base64 turns three bytes at a time: what it makes of a text depends on where the text stands. */
function codings(value: string): string[] {
  const inner = [0, 1, 2].map((before) =>
    Buffer.from(`${'.'.repeat(before)}${value}`)
      .toString('base64')
      .slice(4, -4),
  );
  return [value, ...inner];
}
