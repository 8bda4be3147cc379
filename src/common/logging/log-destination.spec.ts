import { logStyle } from './log-destination.js';

describe('how log lines are written', () => {
  it.each([
    ['auto', true, {}, true, true],
    ['auto', false, {}, false, false],
    ['json', true, {}, false, false],
    ['pretty', false, {}, true, false],
    ['pretty', true, { NO_COLOR: '1' }, true, false],
    ['auto', true, { NO_COLOR: '' }, true, true],
    ['auto', true, { TERM: 'dumb' }, true, false],
  ] as const)('%s, on a terminal: %p, with %p', (LOG_FORMAT, isTerminal, environment, isPretty, hasColors) => {
    expect(logStyle({ LOG_FORMAT }, isTerminal, environment)).toEqual({ isPretty, hasColors });
  });
});
