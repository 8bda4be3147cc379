import type { TextPart } from '../message/message.model.js';
import { GrowingPart } from './growing-part.js';

function growing(text = ''): GrowingPart {
  const part: TextPart = { type: 'text', id: 'prt_1', messageId: 'msg_1', sessionId: 'ses_1', text, ended: false };
  return new GrowingPart(part, '/w');
}

describe('GrowingPart', () => {
  it('counts offsets in UTF-8 bytes', () => {
    const part = growing();

    const offsets = ['a', 'ü', '€', '😀', 'z'].map((delta) => part.grow(delta, '')?.offset);

    expect(offsets).toEqual([0, 1, 3, 6, 10]);
  });

  it('counts from the end of the text it began with', () => {
    const part = growing('Grüße');

    expect(part.grow('!', '')?.offset).toBe(7);
  });

  it('keeps half a character back until its other half comes', () => {
    const part = growing();

    const deltas = ['a\ud83d', '\ude00b'].map((delta) => part.grow(delta, ''));

    expect(deltas).toMatchObject([
      { delta: 'a', offset: 0 },
      { delta: '😀b', offset: 1 },
    ]);
  });

  it('tells nothing while it has but half a character', () => {
    const part = growing('a');

    expect(part.grow('\ud83d', '')).toBeUndefined();
    expect(part.snapshot()?.text).toBe('a');
  });

  it('counts the bytes of a character that came in halves once', () => {
    const part = growing();
    for (const half of ['\ud83d', '\ude00']) part.grow(half, '');

    expect(part.grow('x', '')?.offset).toBe(4);
  });

  it('gives deltas whose UTF-8 bytes add up to the whole text, however it is cut', () => {
    const text = 'a😀ü€𝕏b';

    const [part, ...deltas] = [growing(), ...text.split('')];
    const told = deltas.flatMap((delta) => part.grow(delta, '') ?? []);

    expect(Buffer.concat(told.map(({ delta }) => Buffer.from(delta))).toString()).toBe(text);
    told.forEach(({ offset }, index) => {
      const before = told.slice(0, index).map(({ delta }) => delta);
      expect(offset).toBe(Buffer.byteLength(before.join('')));
    });
  });

  it('shows the whole text so far', () => {
    const part = growing('Hello');

    part.grow(' world', '');

    expect(part.snapshot()).toMatchObject({ id: 'prt_1', text: 'Hello world', ended: false });
  });

  it('shows nothing before its first character', () => {
    expect(growing().snapshot()).toBeUndefined();
  });

  it('tells nothing more once deltas were missed', () => {
    const part = growing('Hello');

    part.lose();

    expect(part.grow(' world', '')).toBeUndefined();
    expect(part.snapshot()).toBeUndefined();
  });
});
