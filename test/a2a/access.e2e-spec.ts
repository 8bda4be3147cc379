import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { SCOPES } from '../../src/common/access/scopes.js';
import { CONFIG, type Config } from '../../src/common/config/config.js';
import { A2AGrpcServices } from '../../src/modules/a2a/grpc/a2a-grpc.services.js';
import { contractContext } from '../../src/modules/a2a/contracts/contract-context.js';
import { extensionMethods } from '../../src/modules/a2a/contracts/contract-methods.js';
import { ExtensionMethods } from '../../src/modules/a2a/methods/extension.methods.js';
import { asTask, connect, sending } from '../support/a2a-client.js';
import { callRpc, SURFACE, type Subject, type Told } from '../support/a2a-surface.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { tokenEntry, tokenOf } from '../support/tokens.js';

const USER = ['read', 'write', 'approve'];
const VERSIONS = ['0.3', '1.0'] as const;

describe('who may do what over A2A', () => {
  let test: TestGateway;
  let folder: string;
  let subject: Subject;

  beforeAll(async () => {
    jest.spyOn(Logger.prototype, 'log').mockImplementation();
    folder = await mkdtemp(join(tmpdir(), 'tokens-'));
    const tokens = [
      ...SCOPES.map((scope) => tokenEntry(scope, [scope])),
      tokenEntry('alice', USER),
      tokenEntry('bob', USER),
      tokenEntry('expired', SCOPES, '2020-01-01T00:00:00Z'),
    ];
    await writeFile(join(folder, 'tokens.json'), JSON.stringify({ tokens }));
    test = await startTestGateway({
      settings: {
        ACCESS_TOKENS_FILE: join(folder, 'tokens.json'),
        A2A_ENABLE_SESSION_SHELL: 'true',
        A2A_PUSH_ALLOWED_HOSTS: '127.0.0.1',
        ACCESS_FAILURES_PER_MINUTE: '0',
        RATE_LIMIT_PER_MINUTE: '0',
      },
    });
    const alice = await connect(test, 'JSONRPC', '1.0', tokenOf('alice'));
    const { id: taskId } = asTask(await alice.sendMessage(sending(script([{ t: 'text', value: 'of alice' }]))));
    subject = { taskId, configId: 'mine', url: 'http://127.0.0.1:9/hook', text: 'hello' };
  });

  afterAll(async () => {
    await test.stop();
    await rm(folder, { recursive: true });
  });

  /** As long as what there is. */
  const missing = (): Subject => ({ ...subject, taskId: subject.taskId.replace(/.{5}\./, '00000.') });

  const ofExtensions = () => extensionMethods(contractContext(test.gateway.app.get<Config>(CONFIG)));

  it('the walk below misses no service and no extension method', () => {
    const served = test.gateway.app
      .get(A2AGrpcServices)
      .services()
      .flatMap(({ methods }) => methods.map(({ path }) => path));

    expect(
      SURFACE.map(({ name }) => name)
        .filter((name) => name.startsWith('/'))
        .sort(),
    ).toEqual(served.sort());
    expect(
      ofExtensions()
        .map(({ method }) => method)
        .sort(),
    ).toEqual([...test.gateway.app.get(ExtensionMethods).supported()].sort());
  });

  it.each([
    ['no token', undefined],
    ['another token', 'another-token-of-good-length'],
    ['an expired token', tokenOf('expired')],
  ])('nobody may do anything with %s, and is told how to show who they are', async (_, token) => {
    const wrong: string[] = [];
    for (const { name, call } of SURFACE) {
      const { outcome, challenge } = await call(test, token, subject);
      const isTold = name.startsWith('/') || challenge?.startsWith('Bearer') === true;
      if (outcome !== 'unauthenticated' || !isTold) wrong.push(`${name}: ${outcome} ${challenge}`);
    }
    for (const version of VERSIONS) {
      for (const { method } of ofExtensions()) {
        const { outcome } = await callRpc(test, token, version, method, {});
        if (outcome !== 'unauthenticated') wrong.push(`${version} ${method}: ${outcome}`);
      }
    }

    expect(wrong).toEqual([]);
  });

  it.each(SCOPES)('the scope %s opens what needs it, and nothing else', async (scope) => {
    const wrong: string[] = [];
    const note = (name: string, needs: string | undefined, { outcome, words }: Told): void => {
      const isOpen = scope === 'admin' || scope === needs;
      const isRight = isOpen ? outcome === 'answered' || outcome === 'refused' : outcome === 'forbidden';
      if (!isRight) wrong.push(`${name} needs ${needs}: ${outcome} ${words.slice(0, 300)}`);
    };
    for (const { name, needs, call } of SURFACE) note(name, needs, await call(test, tokenOf(scope), missing()));
    for (const version of VERSIONS) {
      for (const { method } of ofExtensions()) {
        const needs = test.gateway.app.get(ExtensionMethods).find(method)?.scope;
        note(`${version} ${method}`, needs, await callRpc(test, tokenOf(scope), version, method, { session_id: 'ses_none' }));
      }
    }

    expect(wrong).toEqual([]);
  });

  it('the tasks of others are told in the very words of those that there are not, over every binding', async () => {
    const { taskId } = missing();
    const wrong: string[] = [];
    for (const { name, isOfTask, call } of SURFACE) {
      if (!isOfTask) continue;
      const [theirs, none] = await Promise.all([call(test, tokenOf('bob'), subject), call(test, tokenOf('bob'), missing())]);
      const words = (told: Told, id: string): string =>
        told.words
          .replaceAll(id, 'TASK')
          .replaceAll(/"(date|x-request-id)",?:?\[?"[^"]*"/g, '')
          .replaceAll(/"[\w-]{36}"/g, 'UUID');
      const [said, expected] = [words(theirs, subject.taskId), words(none, taskId)];
      if (theirs.outcome !== 'refused' || said !== expected) wrong.push(`${name}: ${said} / ${expected}`);
    }

    expect(wrong).toEqual([]);
  });

  it.each(['alice', 'admin'])('%s finds what is of alice', async (who) => {
    const wrong: string[] = [];
    for (const { name, isOfTask, needs, call } of SURFACE) {
      if (!isOfTask || needs !== 'read' || /push/i.test(name)) continue;
      const { outcome, words } = await call(test, tokenOf(who), subject);
      // Of a task that has ended version 1.0 has no stream.
      if (outcome !== 'answered' && !/has ended/.test(words)) wrong.push(`${name}: ${words}`);
    }

    expect(wrong).toEqual([]);
  });

  it('lists tell everybody their own', async () => {
    const listing = SURFACE.filter(({ name }) => /ListTasks$|GET \/tasks$/.test(name));
    expect(listing).toHaveLength(3);
    for (const { call } of listing) {
      expect((await call(test, tokenOf('alice'), subject)).words).toContain(subject.taskId);
      expect((await call(test, tokenOf('admin'), subject)).words).toContain(subject.taskId);
      const ofBob = await call(test, tokenOf('bob'), subject);
      expect(ofBob.outcome).toBe('answered');
      expect(ofBob.words).not.toContain(subject.taskId);
    }
  });

  it('one name of a context is another conversation for another caller', async () => {
    const sessions = await Promise.all(
      ['alice', 'bob'].map(async (who) => {
        const client = await connect(test, 'HTTP+JSON', '0.3', tokenOf(who));
        return asTask(await client.sendMessage(sending(script([{ t: 'text', value: 'x' }]), { contextId: 'shared name' }))).id.split(
          '.',
        )[0];
      }),
    );

    expect(sessions[0]).not.toBe(sessions[1]);
  });
});
