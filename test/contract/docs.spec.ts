import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const token = 'a-token-that-is-long-enough';

describe('the published contract', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { ACCESS_TOKEN: token } });
  });

  afterAll(() => test.stop());

  function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(test.httpUrl + path, { headers: { authorization: `Bearer ${token}`, ...headers } });
  }

  it.each(['/openapi.json', '/descriptors.binpb'])('shows %s to who has a token', async (path) => {
    const refused = await fetch(test.httpUrl + path);
    const shown = await get(path);

    expect(refused.status).toBe(401);
    expect(shown.status).toBe(200);
  });

  it('opens the page to everybody, and to nothing of another host', async () => {
    const page = await fetch(`${test.httpUrl}/docs`);
    const html = await page.text();
    const parts = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path = '']) => path);

    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(parts).toEqual(['docs/swagger-ui.css', 'docs/swagger-ui-bundle.js', 'docs/docs.js']);
    for (const part of parts) {
      const answer = await fetch(new URL(part, `${test.httpUrl}/docs`));
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toMatch(/^text\/(css|javascript);/);
    }
  });

  it('sends what a cache already has only once', async () => {
    const first = await get('/openapi.json');
    const etag = first.headers.get('etag') ?? '';

    const again = await get('/openapi.json', { 'if-none-match': `"other", W/${etag}` });

    expect(first.headers.get('cache-control')).toBe('no-cache');
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it('names a relative server when it knows no public address', async () => {
    expect(await (await get('/openapi.json')).json()).toMatchObject({ servers: [{ url: '/' }] });
  });

  it('gives descriptors that stand alone, imports first', async () => {
    const bytes = new Uint8Array(await (await get('/descriptors.binpb')).arrayBuffer());
    const { file } = fromBinary(FileDescriptorSetSchema, bytes);
    const early = file.filter((one, index) => one.dependency.some((name) => file.findIndex((other) => other.name === name) >= index));

    expect(file.map(({ name }) => name)).toEqual(expect.arrayContaining(['opencode.proto', 'v1/opencode_service.proto']));
    expect(early.map(({ name }) => name)).toEqual([]);
  });

  it('gives descriptors that buf builds', async () => {
    const bytes = Buffer.from(await (await get('/descriptors.binpb')).arrayBuffer());
    const folder = mkdtempSync(join(tmpdir(), 'descriptors-'));
    const file = join(folder, 'descriptors.binpb');
    writeFileSync(file, bytes);

    const { stdout } = await promisify(execFile)(join('node_modules', '.bin', 'buf'), ['build', file, '-o', '-#format=json'], {
      maxBuffer: 64 * 1024 * 1024,
    }).finally(() => rmSync(folder, { recursive: true }));

    expect((JSON.parse(stdout) as { file: unknown[] }).file.length).toBeGreaterThan(20);
  });
});
