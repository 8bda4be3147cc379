import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startGateway, type Gateway } from '../../src/app.js';
import { readConfig } from '../../src/common/config/config.js';
import { FileService } from '../../src/common/grpc/generated/file_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { findOpencode, pathWithRipgrep } from '../../src/common/opencode/opencode.binary.js';
import { Conversation } from '../support/conversation.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from '../support/opencode-environment.js';
import { TestProcess } from '../support/process.js';
import { RestDoor } from '../support/rest.door.js';
import { ScriptedModel } from '../support/scripted-model.js';

const rpc = FileService.method;
const PASSWORD = 'a-password-of-the-upstream';

describe('a remote OpenCode', () => {
  let model: ScriptedModel;
  let opencode: OpencodeEnvironment;
  let server: TestProcess;
  let baseUrl: string;

  beforeAll(async () => {
    model = await ScriptedModel.start();
    opencode = await createOpencodeEnvironment({ modelUrl: model.url });
    const environment = { PATH: pathWithRipgrep(process.env['PATH']), ...opencode.env, OPENCODE_SERVER_PASSWORD: PASSWORD };
    server = new TestProcess(
      findOpencode(undefined, process.env['PATH']),
      ['serve', '--hostname', '127.0.0.1', '--port', '0'],
      environment,
      opencode.workspace,
    );
    baseUrl = (await server.says(/listening on (\S+)/))[1] ?? '';
  });

  afterAll(async () => {
    server.kill('SIGKILL');
    await server.exited;
    await model.stop();
    await opencode.remove();
  });

  function start(settings: Record<string, string>): Promise<Gateway> {
    const environment = { GRPC_PORT: '0', HTTP_PORT: '0', LOG_LEVEL: 'fatal', OPENCODE_BASE_URL: baseUrl, ...settings };
    return startGateway(readConfig(environment), environment);
  }

  it('is used with its password, in its own directory', async () => {
    const gateway = await start({ OPENCODE_SERVER_PASSWORD: PASSWORD });
    const ready = await gateway.untilReady(10_000);
    const door = new RestDoor(gateway.httpUrl ?? '');
    const conversation = await Conversation.begin(door);

    const answer = await conversation.run([{ t: 'text', value: 'from afar' }]);

    expect(ready).toBe(true);
    expect(answer.textParts).toEqual(['from afar']);
    door.close();
    await gateway.stop();
  });

  it('whose files are not at hand here has them read and searched through it', async () => {
    await mkdir(join(opencode.workspace, 'far'), { recursive: true });
    await writeFile(join(opencode.workspace, 'far/exact.bin'), Buffer.from([0xff, 0x20, 0x0a, 0x0a]));
    await writeFile(join(opencode.workspace, 'far/text.md'), 'a needle\n');
    const gateway = await start({ OPENCODE_SERVER_PASSWORD: PASSWORD });
    const door = new RestDoor(gateway.httpUrl ?? '');
    const { id: sessionId } = await door.call(SessionService.method.createSession, { title: 'far' });

    const read = await door.call(rpc.readFile, { sessionId, path: 'far/exact.bin', offset: 0n, length: 3n });
    const raw = await fetch(`${gateway.httpUrl}/files/far/exact.bin`, { headers: { range: 'bytes=1-' } });
    const list = await door.call(rpc.listFiles, { sessionId, path: 'far', recursive: true, patterns: ['*.md'] });
    const found = await door.call(rpc.searchText, { sessionId, pattern: 'ne+dle' });

    expect([...read.data]).toEqual([0xff, 0x20, 0x0a]);
    expect(read.fileInfo).toMatchObject({ path: 'far/exact.bin', size: 4n });
    expect([raw.status, [...new Uint8Array(await raw.arrayBuffer())]]).toEqual([206, [0x20, 0x0a, 0x0a]]);
    expect(list.files).toMatchObject([{ path: 'far/text.md', isDirectory: false, mimeType: 'text/markdown', etag: '' }]);
    expect(found.matches).toMatchObject([{ path: 'far/text.md', lineNumber: 1, line: 'a needle' }]);
    await expect(door.call(rpc.searchText, { sessionId, pattern: '(' })).rejects.toMatchObject({ code: 3, fields: ['pattern'] });
    await expect(door.call(rpc.readFile, { sessionId, path: 'far' })).rejects.toMatchObject({ code: 9, reason: 'NOT_A_FILE' });
    await expect(door.call(rpc.readFile, { sessionId, path: 'far/missing' })).rejects.toMatchObject({ code: 5 });
    await expect(door.call(rpc.readFile, { sessionId, path: '../home' })).rejects.toMatchObject({ code: 3, fields: ['path'] });
    await expect(door.call(OpenCodeService.method.getFileChanges, {})).rejects.toMatchObject({ reason: 'WORKSPACE_NOT_MOUNTED' });
    door.close();
    await gateway.stop();
  });

  it.each(['', 'sub'])('whose files are not at hand here has text written and deleted through it, in %j', async (directory) => {
    await mkdir(join(opencode.workspace, 'sub'), { recursive: true });
    const gateway = await start({ OPENCODE_SERVER_PASSWORD: PASSWORD });
    const door = new RestDoor(gateway.httpUrl ?? '');
    const { id: sessionId } = await door.call(SessionService.method.createSession, { title: 'far', directory });
    const write = (path: string, text: string, options = {}) =>
      door.call(rpc.writeFile, { sessionId, path, data: new TextEncoder().encode(text), ...options });
    const onDisk = (path: string): Promise<string> => readFile(join(opencode.workspace, directory, path), 'utf8').catch(() => '<none>');

    const first = await write('new/grüße.txt', 'one\r\n', { createDirs: true });
    const second = await write('new/grüße.txt', 'two', { ifMatch: first.etag });
    const written = await onDisk('new/grüße.txt');
    const stale = write('new/grüße.txt', 'three', { ifMatch: first.etag });
    await expect(stale).rejects.toMatchObject({ code: 9, reason: 'ETAG_MISMATCH' });
    await door.call(rpc.deleteFile, { sessionId, path: 'new/grüße.txt', ifMatch: second.etag });

    expect(second).toMatchObject({ path: 'new/grüße.txt', size: 3n });
    expect(written).toBe('two');
    expect(await onDisk('new/grüße.txt')).toBe('<none>');
    await expect(write('other/x', 'a')).rejects.toMatchObject({ code: 5 });
    await expect(write('.git/x', 'a', { createDirs: true })).rejects.toMatchObject({ code: 7, reason: 'GIT_IS_PROTECTED' });
    await expect(write('../x', 'a')).rejects.toMatchObject({ code: 3, fields: ['path'] });
    const bytes = door.call(rpc.writeFile, { sessionId, path: 'x', data: Uint8Array.of(0xff) });
    await expect(bytes).rejects.toMatchObject({ code: 9, reason: 'WORKSPACE_NOT_MOUNTED' });
    await expect(door.call(rpc.deleteFile, { sessionId, path: 'none' })).rejects.toMatchObject({ code: 5 });
    door.close();
    await gateway.stop();
  });

  it('whose workspace is mounted here has its files written here', async () => {
    const gateway = await start({ OPENCODE_SERVER_PASSWORD: PASSWORD, OPENCODE_WORKSPACE_ROOT: opencode.workspace });
    const door = new RestDoor(gateway.httpUrl ?? '');

    await door.call(OpenCodeService.method.writeFile, { path: 'mounted.txt', content: 'here' });

    expect(await readFile(join(opencode.workspace, 'mounted.txt'), 'utf8')).toBe('here');
    door.close();
    await gateway.stop();
  });

  it('that does not know our password stops the start with the name of the setting', async () => {
    await expect(start({ OPENCODE_SERVER_PASSWORD: 'another' })).rejects.toThrow(/^OPENCODE_SERVER_PASSWORD: /);
  });

  it('that is not there yet leaves the gateway unhealthy, and its calls UNAVAILABLE', async () => {
    const gateway = await start({ OPENCODE_BASE_URL: 'http://127.0.0.1:9', OPENCODE_WORKSPACE_ROOT: opencode.workspace });
    const health = await fetch(`${gateway.httpUrl}/health`);
    const sessions = await fetch(`${gateway.httpUrl}/sessions`);

    expect(await gateway.untilReady(100)).toBe(false);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: 'HEALTH_STATUS_NOT_SERVING' });
    expect(sessions.status).toBe(503);
    expect(sessions.headers.get('retry-after')).toBe('1');
    await gateway.stop();
  });
});
