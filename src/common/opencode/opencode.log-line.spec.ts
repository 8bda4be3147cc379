import { readLogLine } from './opencode.log-line.js';

describe('readLogLine', () => {
  it('tells what a line is about, and names what it withholds', () => {
    const line =
      'timestamp=2026-01-01T00:00:00Z level=ERROR run=65093fee message="stream error" providerID=p session.id=ses_1 error.error="AI_APICallError: key \\"sk\\"" stack="at\\n x"';

    expect(readLogLine(line)).toEqual({
      msg: 'stream error',
      opencode: { level: 'ERROR', providerID: 'p', 'session.id': 'ses_1' },
      withheld: ['error.error', 'stack'],
    });
  });

  it('withholds nothing where there is nothing to withhold', () => {
    expect(readLogLine('timestamp=2026-01-01T00:00:00Z level=INFO run=1 message=loop step=0')).toEqual({
      msg: 'loop',
      opencode: { level: 'INFO', step: '0' },
    });
  });

  it('tells a line of another form as it is', () => {
    expect(readLogLine('opencode server listening on http://127.0.0.1:1')).toEqual({
      msg: 'opencode server listening on http://127.0.0.1:1',
    });
  });
});
