import type { ToolPart } from '../../message/message.model.js';
import { fileUrlOf, toFilePart, writtenPathOf } from './written-file.mapper.js';

const call = { tool: 'write', status: 'success', input: { filePath: 'docs/a b.md' } } as unknown as ToolPart;

describe('the file that a tool call wrote', () => {
  it.each([
    ['by a relative path', 'docs/a b.md', 'docs/a b.md'],
    ['by an absolute path', '/work/docs/a.md', 'docs/a.md'],
    ['by a path with detours', 'docs/../a.md', 'a.md'],
  ])('is named %s', (_, filePath, path) => {
    expect(writtenPathOf({ ...call, input: { filePath } }, '/work')).toBe(path);
  });

  it.each([
    ['elsewhere', { input: { filePath: '/etc/passwd' } }],
    ['above the session’s directory', { input: { filePath: '../secret' } }],
    ['of a tool that only reads', { tool: 'read' }],
    ['of a call that failed', { status: 'error' }],
    ['of a call that names none', { input: {} }],
  ] as const)('is none %s', (_, change) => {
    expect(writtenPathOf({ ...call, ...change }, '/work')).toBeUndefined();
  });

  it('has an address at which callers read it, and its type', () => {
    const url = fileUrlOf('https://agents.example.org', 'ses_1', 'docs/a b.md');

    expect(url).toBe('https://agents.example.org/sessions/ses_1/files/docs/a%20b.md');
    expect(toFilePart(url, 'docs/a b.md')).toMatchObject({
      filename: 'a b.md',
      mediaType: 'text/markdown',
      content: { $case: 'url', value: url },
    });
  });
});
