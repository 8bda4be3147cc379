import { Logger } from '@nestjs/common';
import { AuthService } from '../../src/common/grpc/generated/auth_pb.js';
import { FileService } from '../../src/common/grpc/generated/file_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { PermissionService } from '../../src/common/grpc/generated/tool_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { beginAsking, bash, end, isAsk } from '../support/asks.js';
import { collect, Conversation } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { RestDoor } from '../support/rest.door.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TOKEN = 'a-token-that-is-long-enough';
const CONTENTS = 'contents-that-nobody-may-log';

describe('the audit', () => {
  let test: TestGateway;
  let log: jest.SpyInstance<void, unknown[]>;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' }, settings: { ACCESS_TOKEN: TOKEN, ENABLE_SESSION_SHELL: 'true' } });
  });

  afterAll(() => test.stop());

  beforeEach(() => {
    log = jest.spyOn(Logger.prototype, 'log');
  });

  afterEach(() => jest.restoreAllMocks());

  /** Without the request ids, which must be there. */
  function lines(): Record<string, unknown>[] {
    const audited = log.mock.calls.map(([message]) => message).filter((message) => typeof message === 'object' && message !== null);
    return audited
      .map((message) => message as Record<string, unknown>)
      .filter((line) => 'audit' in line)
      .map(({ requestId, ...line }) => {
        expect(JSON.stringify(line)).not.toContain(CONTENTS);
        expect(requestId).toMatch(/./);
        return line;
      });
  }

  describe.each(['grpc', 'rest'] as const)('over %s', (name) => {
    const by = 'access-token';
    let door: Door;
    let sessionId: string;

    beforeAll(async () => {
      door = test[name];
      ({ sessionId } = await Conversation.begin(door));
    });

    it('tells who answered a permission', async () => {
      const conversation = await beginAsking(door);
      let permissionId = '';

      await collect(conversation.stream([bash], [end]), async (event) => {
        if (!isAsk(event) || event.event.case !== 'permissionCreated') return;
        permissionId = event.event.value.permission?.id ?? '';
        await conversation.answerPermission('reject', CONTENTS);
      });

      const target = `${conversation.sessionId}/${permissionId}/bash`;
      expect(lines()).toEqual([{ audit: 'permission.answer', target, result: 'reject', by }]);
    });

    it('tells who ran a shell line', async () => {
      await door.call(MessageService.method.runShell, { sessionId, command: `echo ${CONTENTS}` });

      expect(lines()).toEqual(['accepted', 'begun'].map((result) => ({ audit: 'shell.run', target: sessionId, result, by })));
    });

    it('tells who changed credentials', async () => {
      const key = { case: 'apiKey' as const, value: CONTENTS };

      await door.call(AuthService.method.setProviderCredential, { providerId: 'audited', credential: key });
      await door.call(AuthService.method.removeProviderCredential, { providerId: 'audited' });

      const acts = ['credential.set', 'credential.remove'];
      expect(lines()).toEqual(acts.map((audit) => ({ audit, target: 'audited', result: 'done', by })));
    });

    it('tells who deleted what, and who aborted', async () => {
      const { sessionId: doomed } = await Conversation.begin(door);
      await door.call(FileService.method.writeFile, { sessionId, path: 'audited.txt', data: Buffer.from(CONTENTS) });

      await door.call(FileService.method.deleteFile, { sessionId, path: 'audited.txt' });
      await door.call(MessageService.method.abortSession, { sessionId: doomed });
      await door.call(SessionService.method.deleteSession, { sessionId: doomed });
      await door.call(OpenCodeService.method.deleteFile, { path: 'audited.txt' }).catch(() => undefined);

      expect(lines()).toEqual([
        { audit: 'file.delete', target: `${sessionId}/audited.txt`, result: 'done', by },
        { audit: 'turn.abort', target: doomed, result: 'done', by },
        { audit: 'session.delete', target: doomed, result: 'done', by },
        { audit: 'file.delete', target: 'workspace/audited.txt', result: 'failed', code: 'NOT_FOUND', reason: 'FILE_NOT_FOUND', by },
      ]);
    });

    it('tells who tried in vain', async () => {
      const answer = { sessionId, permissionId: 'per_1', response: 'once', message: CONTENTS };

      await expect(door.call(PermissionService.method.respondToPermission, answer)).rejects.toMatchObject({ code: 5 });
      await expect(door.call(MessageService.method.deleteMessage, { sessionId, messageId: 'msg_1' })).rejects.toMatchObject({ code: 5 });

      expect(lines()).toMatchObject([
        { audit: 'permission.answer', target: `${sessionId}/per_1`, result: 'failed', code: 'NOT_FOUND', by },
        { audit: 'message.delete', target: `${sessionId}/msg_1`, result: 'failed', code: 'NOT_FOUND', by },
      ]);
    });

    it('tells what was refused to whom', async () => {
      const stranger = name === 'grpc' ? new GrpcDoor(test.grpcAddress, CONTENTS) : new RestDoor(test.httpUrl, CONTENTS);

      await expect(stranger.call(SessionService.method.deleteSession, { sessionId })).rejects.toMatchObject({ code: 16 });
      stranger.close();

      const target = name === 'grpc' ? 'opencode.session.SessionService/DeleteSession' : 'DELETE /sessions/:session_id';
      expect(lines()).toEqual([
        { audit: 'access', target, by: 'unknown', result: 'refused', code: 'UNAUTHENTICATED', reason: 'TOKEN_INVALID' },
      ]);
    });
  });
});
