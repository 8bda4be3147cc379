import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AuthService, AuthType } from '../../src/common/grpc/generated/auth_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { Conversation, textPart } from '../support/conversation.js';
import type { CallError, Door } from '../support/door.js';
import { doorOf, DOORS, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const rpc = AuthService.method;
const oauth = { refreshToken: 'refresh-secret', accessToken: 'access-secret', expiresAt: 4_102_444_800_000n };

function apiKey(value: string) {
  return { case: 'apiKey' as const, value };
}

describe('credentials of providers', () => {
  let test: TestGateway;

  const authFile = (): string => join(test.opencode.env['XDG_DATA_HOME'] ?? '', 'opencode', 'auth.json');

  beforeAll(async () => {
    // Each door has a provider of its own, for they share OpenCode's store.
    const ids = DOORS.map((name) => `p-${name}`);
    const models = { m: { name: 'M', tool_call: true, limit: { context: 100_000, output: 1_000 } } };
    test = await startTestGateway({
      config: (baseURL) => ({
        enabled_providers: ['scripted', ...ids],
        provider: Object.fromEntries(ids.map((id) => [id, { npm: '@ai-sdk/openai-compatible', options: { baseURL }, models }])),
      }),
    });
  });

  afterAll(() => test.stop());

  describe.each(DOORS)('over %s', (name) => {
    const providerId = `p-${name}`;
    let door: Door;

    /** The key a provider is shown for a prompt. */
    async function shownKey(): Promise<string | undefined> {
      const { sessionId } = await Conversation.begin(door);
      await door.call(MessageService.method.runMessage, { sessionId, parts: [textPart('hi')], model: { modelId: `${providerId}/m` } });
      return test.model.requests.at(-1)?.authorization?.replace('Bearer ', '');
    }

    beforeEach(() => {
      door = doorOf(test, name);
    });

    it('stores a key, which prompts then use, and says no more than its type', async () => {
      await door.call(rpc.setProviderCredential, { providerId, credential: apiKey('first-secret') });

      const auth = await door.call(rpc.getProviderAuth, { providerId });
      const all = await door.call(rpc.getAuthStatus, {});

      expect(auth).toMatchObject({ providerId, type: AuthType.API_KEY, stored: [AuthType.API_KEY] });
      expect(all.providers).toContainEqual(auth);
      expect(all.providers.map((known) => known.providerId)).toContain('scripted');
      expect(JSON.stringify(all, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('secret');
      expect(await shownKey()).toBe('first-secret');
    });

    it('replaces a key', async () => {
      await door.call(rpc.setProviderCredential, { providerId, credential: apiKey('second-secret') });

      expect(await shownKey()).toBe('second-secret');
    });

    it('keeps a key beside an OAuth login and switches between them', async () => {
      await door.call(rpc.setProviderCredential, { providerId, credential: { case: 'oauth', value: oauth } });
      const withOauth = await door.call(rpc.getProviderAuth, { providerId });
      await door.call(rpc.switchProviderAuth, { providerId, type: AuthType.API_KEY });
      const withKey = await door.call(rpc.getProviderAuth, { providerId });

      expect(withOauth).toMatchObject({
        type: AuthType.OAUTH,
        expiresAt: oauth.expiresAt,
        stored: [AuthType.OAUTH, AuthType.API_KEY],
      });
      expect(withKey).toMatchObject({ type: AuthType.API_KEY, stored: [AuthType.API_KEY, AuthType.OAUTH] });
      expect(await shownKey()).toBe('second-secret');
      await door.call(rpc.switchProviderAuth, { providerId, type: AuthType.OAUTH });
      expect(JSON.parse(await readFile(authFile(), 'utf8'))).toMatchObject({ [providerId]: { type: 'oauth', refresh: 'refresh-secret' } });
    });

    it('tells which providers can be used', async () => {
      const { connected } = await door.call(rpc.getProviderStatus, {});

      expect(connected).toEqual(expect.arrayContaining(['scripted', providerId]));
    });

    it('changes nothing while a turn runs', async () => {
      const conversation = await Conversation.begin(door);
      await door.call(MessageService.method.sendMessage, {
        sessionId: conversation.sessionId,
        parts: [textPart('SCRIPT:[[{"t":"hang"}]]')],
      });

      const change = door.call(rpc.setProviderCredential, { providerId, credential: apiKey('third-secret') });

      await expect(change).rejects.toMatchObject({ code: FAILED_PRECONDITION, reason: 'TURNS_RUNNING' });
      await conversation.abort();
    });

    it('leaves sessions that can be aborted at once, though OpenCode has to open its directory first', async () => {
      for (const round of [1, 2, 3]) {
        await door.call(rpc.setProviderCredential, { providerId, credential: apiKey(`round-${round}-secret`) });
        const conversation = await Conversation.begin(door);
        const { sessionId } = conversation;
        await door.call(MessageService.method.sendMessage, { sessionId, parts: [textPart('SCRIPT:[[{"t":"hang"}]]')] });

        await conversation.abort();

        expect((await conversation.run([{ t: 'text', value: 'on' }])).textParts).toEqual(['on']);
      }
    });

    it('lets prompts wait that are sent during a change', async () => {
      const conversation = await Conversation.begin(door);

      const change = door.call(rpc.setProviderCredential, { providerId, credential: apiKey('fourth-secret') });
      const answers = await Promise.all([1, 2, 3].map((index) => conversation.run([{ t: 'text', value: `answer ${index}` }])));

      await change.catch((error: unknown) => expect(error).toMatchObject({ reason: 'TURNS_RUNNING' }));
      expect(answers.flatMap(({ textParts }) => textParts)).toEqual(['answer 1', 'answer 2', 'answer 3']);
    });

    it('answers a prompt that is aborted while it waits for a change', async () => {
      for (let round = 0; round < 5; round += 1) {
        const conversation = await Conversation.begin(door);
        const request = { sessionId: conversation.sessionId, parts: [textPart('SCRIPT:[[{"t":"hang"}]]')] };
        const change = door.call(rpc.setProviderCredential, { providerId, credential: apiKey('fifth-secret') });
        const sent = door.call(MessageService.method.sendMessage, request);
        const aborted = conversation.abort();

        const settled = await Promise.allSettled([sent, aborted, change]);

        // OpenCode refuses calls for a moment while it closes its directories, and the change may have come too late.
        const refusals = settled.flatMap((result) => (result.status === 'rejected' ? [(result.reason as CallError).reason] : []));
        expect(['OPENCODE_UNAVAILABLE', 'TURNS_RUNNING']).toEqual(expect.arrayContaining(refusals));
        await conversation.abort();
      }
    });

    it('forgets what is removed', async () => {
      await door.call(rpc.removeProviderCredential, { providerId });

      await expect(door.call(rpc.getProviderAuth, { providerId })).rejects.toMatchObject({ code: NOT_FOUND });
      await expect(door.call(rpc.removeProviderCredential, { providerId })).rejects.toMatchObject({ code: NOT_FOUND });
      expect(Object.keys(JSON.parse(await readFile(authFile(), 'utf8')) as object).filter((id) => id.startsWith(providerId))).toEqual([]);
      expect((await stat(authFile())).mode & 0o077).toBe(0);
    });

    it('switches to nothing that is not stored', async () => {
      const change = door.call(rpc.switchProviderAuth, { providerId, type: AuthType.OAUTH });

      await expect(change).rejects.toMatchObject({ code: FAILED_PRECONDITION, reason: 'NOT_STORED' });
    });

    it.each([
      ['a provider that climbs', { providerId: '..', credential: apiKey('k') }, 'provider_id'],
      ['a resting credential as a provider', { providerId: 'a+oauth', credential: apiKey('k') }, 'provider_id'],
      ['no credential', { providerId }, 'credential'],
      ['an empty key', { providerId, credential: apiKey(' ') }, 'api_key'],
      ['a login without a refresh token', { providerId, credential: { case: 'oauth' as const, value: {} } }, 'oauth.refresh_token'],
    ])('refuses %s', async (_, request, field) => {
      // A dot segment never reaches a server: the client resolves it.
      if (name === 'rest' && request.providerId === '..') return;

      await expect(door.call(rpc.setProviderCredential, request)).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: [field] });
    });

    it('refuses to switch to no type', async () => {
      await expect(door.call(rpc.switchProviderAuth, { providerId })).rejects.toMatchObject({ code: INVALID_ARGUMENT, fields: ['type'] });
    });
  });
});
