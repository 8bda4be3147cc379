import { execFileSync } from 'node:child_process';
import { HEAP_FLAG } from './app.heap.js';

describe('the flag of the heap', () => {
  it('is one that this V8 knows', () => {
    const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });

    expect(known).toMatch(new RegExp(`^\\s*${HEAP_FLAG.replace('--no-', '--')}\\b`, 'm'));
  });
});
