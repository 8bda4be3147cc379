import type { ToolPart } from '../../message/message.model.js';
import { fileUrlOf, toFilePart, toJsonFilePart, writtenPathOf } from './written-file.mapper.js';

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

describe('the JSON file that a tool call wrote', () => {
  const wrote = (content: unknown, filePath = '/work/out/a.json') => toJsonFilePart({ ...call, input: { filePath, content } }, '/work');

  it.each([
    ['an object', { key: 'value', count: 42, ratio: 0.5, none: null, list: [{ deep: true }] }],
    ['a list', [1, 'two', [3]]],
  ])('is data with its name when it is %s', (_, value) => {
    expect(wrote(JSON.stringify(value, undefined, 2))).toEqual({
      content: { $case: 'data', value },
      metadata: undefined,
      filename: 'a.json',
      mediaType: 'application/json',
    });
  });

  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const long = (length: number): string => `["${'x'.repeat(length - 4)}"]`;

  it.each([
    ['no JSON', '{"a":1,}'],
    ['a bare value', '42'],
    ['null', 'null'],
    ['unknown, as of a tool that edits', undefined],
    ['an integer that doubles do not have', '{"id":9007199254740993}'],
    ['a number that doubles do not have', '[1e999]'],
    ['nested deeper than readers of protobuf read', nested(25)],
    ['too large', long(65_537)],
  ])('stays a file when its content is %s', (_, content) => {
    expect(wrote(content)).toBeUndefined();
  });

  it.each([nested(24), long(65_536)])('is data up to the bounds of depth and size', (content) => {
    expect(wrote(content)).toBeDefined();
  });

  it.each(['/work/a.txt', '/work/a.json5', '/work/a.geojson', '/elsewhere/a.json'])('is none by the path %s', (filePath) => {
    expect(wrote('{}', filePath)).toBeUndefined();
  });

  it('is none before it is written', () => {
    expect(toJsonFilePart({ ...call, status: 'running', input: { filePath: 'a.json', content: '{}' } }, '/work')).toBeUndefined();
  });
});
