import { GatewayError } from '../../common/errors/gateway-error.js';
import type { PromptPart } from './prompt.model.js';
import { hasAttachment, requireWithin, toAcceptedParts } from './prompt.parts.js';

const BASE64 = Buffer.from('hello!').toString('base64');

function file(mime: string, url = `data:${mime};base64,${BASE64}`): PromptPart {
  return { type: 'file', mime, filename: 'a', url };
}

function text(value: string): PromptPart {
  return { type: 'text', text: value };
}

function violationOf(...parts: readonly PromptPart[]): string | undefined {
  try {
    toAcceptedParts(parts);
  } catch (error) {
    return error instanceof GatewayError ? error.violations[0]?.field : String(error);
  }
  return undefined;
}

describe('requireWithin', () => {
  const bounds = { maxParts: 2, maxTextBytes: 10 };

  it('counts parts of all kinds', () => {
    expect(() => requireWithin([text('a'), file('image/png')], bounds)).not.toThrow();
    expect(() => requireWithin([text('a'), text('b'), file('image/png')], bounds)).toThrow('parts: has 3 parts; a prompt may have 2');
  });

  it('counts the bytes of all texts, and names the one that is too much', () => {
    expect(() => requireWithin([text('ééé'), text('1234')], bounds)).not.toThrow();
    expect(() => requireWithin([text('ééé'), text('12345')], bounds)).toThrow('parts[1].text: a prompt may have 10 bytes of text');
  });
});

describe('toAcceptedParts', () => {
  it('leaves text as it is', () => {
    expect(toAcceptedParts([text(' Hi ')])).toEqual([text(' Hi ')]);
  });

  it.each([
    'text/plain',
    'text/markdown',
    'text/x-python; charset=utf-8',
    'TEXT/HTML',
    'application/json',
    'application/ld+json',
    'application/problem+json',
    'application/xml',
    'application/atom+xml',
    'application/yaml',
    'application/x-yaml',
    'application/toml',
    'application/javascript',
    'application/typescript',
    'application/sql',
    'application/x-sh',
    'application/x-ndjson',
  ])('sends %s as plain text, for anything else would poison the session', (mime) => {
    expect(toAcceptedParts([file(mime)])).toEqual([
      { type: 'file', mime: 'text/plain', filename: 'a', url: `data:text/plain;base64,${BASE64}` },
    ]);
  });

  it.each(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf'])('sends %s as it is', (mime) => {
    expect(toAcceptedParts([file(mime)])).toEqual([file(mime)]);
  });

  it('goes by the declared type, not by the one in the URL', () => {
    expect(toAcceptedParts([file('image/png', `data:application/json;base64,${BASE64}`)])).toMatchObject([
      { mime: 'image/png', url: `data:image/png;base64,${BASE64}` },
    ]);
  });

  it.each([
    'application/octet-stream',
    'application/zip',
    'image/svg+xml',
    'image/tiff',
    'audio/mpeg',
    'video/mp4',
    'jsonx/json',
    '',
    'json',
  ])('refuses the type %j by its field', (mime) => {
    expect(violationOf(text('Hi'), file(mime, `data:text/plain;base64,${BASE64}`))).toBe('parts[1].file.mime');
  });

  it.each([
    'file:///etc/passwd',
    'FILE:///etc/passwd',
    'http://example.com/a.png',
    'https://example.com/a.png',
    '/etc/passwd',
    '',
    'blob:x',
    ' data:text/plain;base64,aGk=',
  ])('refuses the URL %j by its field', (url) => {
    expect(violationOf(file('text/plain', url))).toBe('parts[0].file.url');
  });

  it('says of a file of the host that only data: URLs are taken', () => {
    expect(() => toAcceptedParts([file('text/plain', 'file:///etc/passwd')])).toThrow('parts[0].file.url: must be a data: URL');
  });

  it.each([
    ['content that is not base64', 'data:text/plain,hello'],
    ['no content', 'data:text/plain;base64,'],
    ['no comma', 'data:text/plain;base64'],
    ['characters that are none', 'data:text/plain;base64,a$b='],
    ['a length that cannot be', 'data:text/plain;base64,aaaaa'],
    ['another URL inside', 'data:text/plain;base64,file:///etc/passwd'],
  ])('refuses %s', (_, url) => {
    expect(violationOf(file('text/plain', url))).toBe('parts[0].file.url');
  });

  it('understands further attributes before the content', () => {
    const url = `data:text/plain;charset=utf-8;base64,${BASE64}`;

    expect(toAcceptedParts([file('text/plain', url)])).toMatchObject([{ url: `data:text/plain;base64,${BASE64}` }]);
  });

  it('takes a file of 15 MB', () => {
    const content = Buffer.alloc(15 * 1024 * 1024).toString('base64');

    expect(toAcceptedParts([file('image/png', `data:image/png;base64,${content}`)])).toHaveLength(1);
  });

  it.each([
    ['nothing', []],
    ['only spaces', [text(' \n')]],
  ])('refuses a prompt of %s', (_, parts) => {
    expect(violationOf(...parts)).toBe('parts');
  });

  it('takes a file without text', () => {
    expect(violationOf(file('image/png'), text(''))).toBeUndefined();
  });
});

describe('hasAttachment', () => {
  it.each([
    ['an image', [text('Hi'), file('image/png')], true],
    ['a text file', [file('text/plain')], false],
    ['text', [text('Hi')], false],
  ])('knows of %s whether the model must take it', (_, parts, expected) => {
    expect(hasAttachment(parts)).toBe(expected);
  });
});
