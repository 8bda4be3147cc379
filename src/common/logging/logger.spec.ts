import { Writable } from 'node:stream';
import { pino } from 'pino';
import { GatewayError } from '../errors/gateway-error.js';
import { LogScrubber } from '../redaction/log-scrubber.js';
import { createLogger, PinoNestLogger } from './logger.js';

describe('the log', () => {
  let lines: string[];
  let logger: PinoNestLogger;

  beforeEach(() => {
    lines = [];
    const destination = { write: (line: string) => void lines.push(line) };
    logger = new PinoNestLogger(
      createLogger({ LOG_LEVEL: 'info', OPENCODE_DEBUG: false }, new LogScrubber({ API_KEY: 'known-secret' }), destination),
    );
  });

  it('shows no known secret, wherever in a line it stands', () => {
    logger.warn('it was known-secret', 'Test');
    logger.error({ 'known-secret': ['known-secret'] }, 'Test');

    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('known-secret');
    expect(lines[0]).toContain('it was [API_KEY]');
  });

  it('shows of an error its words, its stack and its causes, and nothing that hangs on it', () => {
    const cause = Object.assign(new Error('the cause'), { body: 'an answer', request: { headers: { a: 'a header' } } });

    logger.error({ err: new GatewayError('INTERNAL', 'failed', { cause }) }, 'Test');

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      err: {
        name: 'GatewayError',
        message: 'failed',
        stack: expect.stringContaining('logger.spec') as unknown,
        cause: { message: 'the cause' },
      },
    });
    expect(lines[0]).not.toMatch(/an answer|a header/);
  });

  it('leaves out what is never written', () => {
    logger.log({ authorization: 'Custom abc', request: { headers: { a: 'a header' }, path: '/x' } }, 'Test');

    expect(lines[0]).not.toMatch(/Custom abc|a header/);
    expect(lines[0]).toContain('/x');
  });
});

function logAt(level: string): { readonly logger: PinoNestLogger; readonly lines: () => Record<string, unknown>[] } {
  let text = '';
  const target = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString();
      done();
    },
  });
  const lines = () =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger: new PinoNestLogger(pino({ level, base: undefined }, target)), lines };
}

describe('PinoNestLogger', () => {
  it.each(['error', 'fatal'])('writes what is audited at LOG_LEVEL=%s too, as one JSON line', (level) => {
    const { logger, lines } = logAt(level);

    logger.log('words', 'Somewhere');
    logger.log({ audit: 'shell.run', target: 'ses_1\n{"audit":"forged"}', result: 'begun', by: 'ci' }, 'Audit');

    expect(lines()).toEqual([
      expect.objectContaining({ audit: 'shell.run', target: 'ses_1\n{"audit":"forged"}', result: 'begun', by: 'ci' }),
    ]);
  });

  it('writes the rest as its level says', () => {
    const { logger, lines } = logAt('info');

    logger.log('words', 'Somewhere');
    logger.debug('more words', 'Somewhere');

    expect(lines()).toEqual([expect.objectContaining({ context: 'Somewhere', msg: 'words' })]);
  });
});
