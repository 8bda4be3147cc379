import { BoundedValues } from './bounded-values.js';

describe('BoundedValues', () => {
  it('lets the first values stand for themselves, and all others for one', () => {
    const values = new BoundedValues(2);

    expect(['a', 'b', 'c', 'a', 'd'].map((value) => values.of(value))).toEqual(['a', 'b', 'other', 'a', 'other']);
  });
});
