import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { complaintsAbout, parseAllowances, type Outcome } from './allowances.js';

const list = parseAllowances(`
# tests that fail
1.0,both failed  a.py::one[grpc] "got INTERNAL" # the kit is behind
both     skipped a.py::two       "supported"    # it is declared
`);

function results(outcomes: Record<string, Outcome>) {
  return new Map(Object.entries(outcomes).map(([test, outcome]) => [test, { outcome, detail: 'a.py:1\nsupported, got INTERNAL' }]));
}

describe('the list of what need not pass', () => {
  it('gives runs, outcome, test, words of the kit and reason of each line', () => {
    expect(list).toEqual([
      { runs: ['1.0', 'both'], outcome: 'failed', test: 'a.py::one[grpc]', says: 'got INTERNAL', reason: 'the kit is behind' },
      { runs: ['both'], outcome: 'skipped', test: 'a.py::two', says: 'supported', reason: 'it is declared' },
    ]);
  });

  it.each([
    '1.0 failed a.py::one "a"',
    '1.0 failed a.py::one "a" #',
    '1.0 failed a.py::one # b',
    '1.0 passed a "a" # b',
    'a.py::one "a" # b',
  ])('refuses %p', (line) => {
    expect(() => parseAllowances(line)).toThrow(line);
  });

  it('refuses a test that stands twice for one run', () => {
    expect(() => parseAllowances('1.0,both failed a "b" # c\nboth skipped a "b" # c')).toThrow('a stands twice for both');
  });

  it('can be read as it stands in the repository', () => {
    expect(parseAllowances(readFileSync(join(__dirname, 'allowed-failures.txt'), 'utf8')).length).toBeGreaterThan(0);
  });
});

describe('a run of the conformance kit', () => {
  it('is in order when what does not pass is listed so', () => {
    expect(complaintsAbout('both', results({ 'a.py::one[grpc]': 'failed', 'a.py::two': 'skipped', three: 'passed' }), list)).toEqual([]);
  });

  it.each<Outcome>(['failed', 'xfailed', 'skipped'])('is not when a test %s that is not listed', (outcome) => {
    const complaints = complaintsAbout('1.0', results({ 'a.py::one[grpc]': 'failed', three: outcome }), list);
    expect(complaints).toEqual([`three ${outcome}: supported, got INTERNAL`]);
  });

  it('is not when a listed test passes', () => {
    const passed = new Map([['a.py::one[grpc]', { outcome: 'passed' as const, detail: '' }]]);
    expect(complaintsAbout('1.0', passed, list)).toEqual(['a.py::one[grpc] is listed as failed with "got INTERNAL", and passed']);
  });

  it('is not when a listed test is skipped instead of failing', () => {
    expect(complaintsAbout('1.0', results({ 'a.py::one[grpc]': 'skipped' }), list)).toHaveLength(1);
  });

  it('is not when a listed test fails for another reason', () => {
    const other = new Map([['a.py::one[grpc]', { outcome: 'failed' as const, detail: 'got UNKNOWN' }]]);
    expect(complaintsAbout('1.0', other, list)).toEqual([
      'a.py::one[grpc] is listed as failed with "got INTERNAL", and failed: got UNKNOWN',
    ]);
  });

  it('is not when the kit lacks a listed test', () => {
    expect(complaintsAbout('1.0', results({}), list)).toEqual(['a.py::one[grpc] is listed, and the kit has no such test']);
  });

  it('is not excused by what is listed for another run', () => {
    const complaints = complaintsAbout('1.0', results({ 'a.py::one[grpc]': 'failed', 'a.py::two': 'skipped' }), list);
    expect(complaints).toEqual(['a.py::two skipped: supported, got INTERNAL']);
  });
});
