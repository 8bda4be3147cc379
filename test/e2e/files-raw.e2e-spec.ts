import { createHash } from 'node:crypto';
import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const MAX_FILE_BYTES = 100 * 1_024 * 1_024;
const RAW = { accept: 'application/octet-stream' };
const UPLOAD = { 'content-type': 'application/octet-stream' };

describe('raw files over REST', () => {
  let test: TestGateway;
  let workspace: string;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { MAX_REQUEST_BYTES: '100000', MAX_FILE_BYTES: String(MAX_FILE_BYTES) } });
    workspace = test.opencode.workspace;
    await writeFile(join(workspace, 'letters.html'), 'abcdefghij');
  });

  afterAll(() => test.stop());

  function call(path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Response> {
    return fetch(test.httpUrl + path, { ...init, headers });
  }

  function put(path: string, body: string | Readable, headers: Record<string, string> = UPLOAD): Promise<Response> {
    return call(path, headers, {
      method: 'PUT',
      body: body as RequestInit['body'],
      ...(body instanceof Readable && { duplex: 'half' as const }),
    });
  }

  /** A request whose path no client library tidies up, and to which none adds a Content-Type. */
  function rawCall(method: string, path: string, body = ''): Promise<number> {
    const { hostname, port } = new URL(test.httpUrl);
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(Number(port), hostname);
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
      socket.on('end', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])));
      socket.on('error', reject);
      socket.write(
        `${method} ${path} HTTP/1.1\r\nhost: localhost\r\naccept: ${RAW.accept}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
  }

  it.each([
    [undefined, 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['application/json, text/plain, */*', 'application/json; charset=utf-8'],
    ['application/problem+json', 'application/json; charset=utf-8'],
    ['application/octet-stream', 'text/html'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'text/html'],
  ])('answers a caller who accepts %s with %s', async (accept, type) => {
    const response = await call('/files/letters.html', accept === undefined ? {} : { accept });

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
  });

  it('gives the bytes with what a cache needs, and so that no browser runs them', async () => {
    const { headers, ...response } = await call('/files/letters.html', RAW).then(async (answer) => ({
      headers: answer.headers,
      status: answer.status,
      text: await answer.text(),
    }));

    expect(response).toEqual({ status: 200, text: 'abcdefghij' });
    expect(headers.get('content-length')).toBe('10');
    expect(headers.get('accept-ranges')).toBe('bytes');
    expect(headers.get('etag')).toMatch(/^"[\w-]+"$/);
    expect(Date.parse(headers.get('last-modified') ?? '')).not.toBeNaN();
    expect(headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''letters.html");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe('sandbox');
  });

  it('answers HEAD with the same headers and nothing else', async () => {
    const head = await call('/files/letters.html', RAW, { method: 'HEAD' });
    const get = await call('/files/letters.html', RAW);

    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    for (const name of ['content-length', 'content-type', 'etag', 'last-modified'])
      expect(head.headers.get(name)).toBe(get.headers.get(name));
  });

  it.each([
    ['bytes=2-4', 206, 'cde', 'bytes 2-4/10'],
    ['bytes=7-', 206, 'hij', 'bytes 7-9/10'],
    ['bytes=-2', 206, 'ij', 'bytes 8-9/10'],
    ['bytes=8-100', 206, 'ij', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=0-1,3-4', 200, 'abcdefghij', null],
    ['lines=1-2', 200, 'abcdefghij', null],
  ])('answers the range %s with %d', async (range, status, text, contentRange) => {
    const response = await call('/files/letters.html', { range });

    expect(response.status).toBe(status);
    expect(await response.text()).toBe(text);
    expect(response.headers.get('content-range')).toBe(contentRange);
  });

  it('answers conditions: 304 to who has it, 412 to who has another, the whole to an outdated range', async () => {
    const etag = (await call('/files/letters.html', RAW)).headers.get('etag') ?? '';

    const fresh = await call('/files/letters.html', { ...RAW, 'if-none-match': `"other", W/${etag}` });
    const stale = await call('/files/letters.html', { ...RAW, 'if-match': '"other"' });
    const resumed = await call('/files/letters.html', { range: 'bytes=2-', 'if-range': etag });
    const restarted = await call('/files/letters.html', { range: 'bytes=2-', 'if-range': '"other"' });

    expect([fresh.status, stale.status, resumed.status, restarted.status]).toEqual([304, 412, 206, 200]);
    expect(fresh.headers.get('etag')).toBe(etag);
    expect(await fresh.text()).toBe('');
  });

  it('writes raw bodies, on conditions, and tells the new etag', async () => {
    const made = await put('/files/new/file.txt?create_dirs=true', 'one', { ...UPLOAD, 'if-none-match': '*' });
    const again = await put('/files/new/file.txt', 'two', { ...UPLOAD, 'if-none-match': '*' });
    const stale = await put('/files/new/file.txt', 'two', { ...UPLOAD, 'if-match': '"other"' });
    const right = await put('/files/new/file.txt', 'three', { 'content-type': 'text/plain', 'if-match': made.headers.get('etag') ?? '' });
    const json = await put('/files/new/file.txt', '{"content":"four"}', {
      'content-type': 'application/json',
      'if-match': right.headers.get('etag') ?? '',
    });
    const gone = await call('/files/new/file.txt', { 'if-match': made.headers.get('etag') ?? '' }, { method: 'DELETE' });

    expect([made, again, stale, right, json, gone].map(({ status }) => status)).toEqual([200, 412, 412, 200, 200, 412]);
    expect(await made.json()).toMatchObject({ fileInfo: { path: 'new/file.txt', size: '3', mimeType: 'text/plain' } });
    expect(await readFile(join(workspace, 'new/file.txt'), 'utf8')).toBe('four');
  });

  it('takes a body without a type, and an empty one, as the bytes of the file', async () => {
    const untyped = await rawCall('PUT', '/files/untyped.txt', 'untyped');
    const empty = await put('/files/empty.txt', '');
    const elsewhere = await rawCall('POST', '/sessions', '{}');

    expect([untyped, empty.status, elsewhere]).toEqual([200, 200, 415]);
    expect(await readFile(join(workspace, 'untyped.txt'), 'utf8')).toBe('untyped');
    expect(await readFile(join(workspace, 'empty.txt'), 'utf8')).toBe('');
  });

  it('reads raw bodies on no other route', async () => {
    const patch = await call('/sessions/ses_1', UPLOAD, { method: 'PATCH', body: 'x' });
    const post = await call('/messages', { 'content-type': 'text/plain' }, { method: 'POST', body: 'x' });

    expect([patch.status, post.status]).toEqual([415, 415]);
  });

  it('carries large files both ways without holding them, and unchanged', async () => {
    const bytes = 64 * 1_024 * 1_024;
    const chunk = Buffer.alloc(64 * 1_024, 'large');
    const sent = createHash('sha256');
    const body = Readable.from(
      (function* () {
        for (let written = 0; written < bytes; written += chunk.length) {
          sent.update(chunk);
          yield chunk;
        }
      })(),
    );

    const upload = await put('/files/large.bin', body);
    const received = createHash('sha256');
    const download = await call('/files/large.bin', RAW);
    for await (const part of download.body ?? []) received.update(part as Uint8Array);

    expect(upload.status).toBe(200);
    expect(download.headers.get('content-length')).toBe(String(bytes));
    expect(received.digest('hex')).toBe(sent.digest('hex'));
  });

  it('refuses a file above the limit, and leaves nothing of it behind', async () => {
    const chunk = Buffer.alloc(1_024 * 1_024);
    const body = Readable.from(Array.from({ length: 110 }, () => chunk));

    const response = await put('/files/too-large.bin', body);

    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 8 });
    expect((await readdir(workspace)).filter((name) => name.includes('too-large') || name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps the old file when an upload breaks off', async () => {
    await writeFile(join(workspace, 'kept.txt'), 'old');
    const { hostname, port } = new URL(test.httpUrl);
    const socket = connect(Number(port), hostname);
    socket.write('PUT /files/kept.txt HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 1000\r\n\r\nhalf');
    while (!(await readdir(workspace)).some((name) => name.endsWith('.tmp'))) await new Promise((resolve) => setTimeout(resolve, 10));

    socket.destroy();

    while ((await readdir(workspace)).some((name) => name.endsWith('.tmp'))) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await readFile(join(workspace, 'kept.txt'), 'utf8')).toBe('old');
  });

  it('lets go of a file whose reader leaves', async () => {
    await writeFile(join(workspace, 'left.bin'), Buffer.alloc(50 * 1_024 * 1_024));
    const leaving = new AbortController();
    const response = await call('/files/left.bin', RAW, { signal: leaving.signal });
    await response.body?.getReader().read();

    leaving.abort();

    while (await isOpen('left.bin')) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it.each([
    ['/files/../../etc/hostname', [400, 404]],
    ['/files/%2e%2e/%2e%2e/etc/hostname', [400]],
    ['/files/..%2f..%2fetc%2fhostname', [400]],
    ['/files/%2fetc%2fhostname', [400]],
    ['/files//etc/hostname', [400]],
    ['/files/a%00b', [400]],
    ['/files/%ff', [400]],
    ['/files/', [400]],
    ['/files/%252e%252e%252fREADME.md', [404]],
    ['/files/..%5cREADME.md', [404]],
    ['/files/./README.md', [400]],
    ['/files/%52EADME.md', [200]],
    [`/files/${'a/'.repeat(2_047)}b`, [404]],
    [`/files/${'a/'.repeat(2_100)}b`, [400]],
  ])('decodes %.60s once, and answers one of %j', async (path, statuses) => {
    expect(statuses).toContain(await rawCall('GET', path));
    expect([200, ...statuses]).toContain(await rawCall('HEAD', path));
  });

  it('keeps names as they are, percent signs and all', async () => {
    const name = 'ü %2e#?&;+ö.txt';

    await put(`/files/${encodeURIComponent(name)}`, 'text');
    const response = await call(`/files/${encodeURIComponent(name)}`, RAW);

    expect(await response.text()).toBe('text');
    expect((await stat(join(workspace, name))).size).toBe(4);
  });
});

/** Whether this process, which the gateway runs in, holds a file of that name open. */
async function isOpen(name: string): Promise<boolean> {
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => '')));
  return targets.some((target) => target.endsWith(`/${name}`));
}
