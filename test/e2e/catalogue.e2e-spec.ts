import { AgentService } from '../../src/common/grpc/generated/agent_pb.js';
import { CommandService } from '../../src/common/grpc/generated/command_pb.js';
import { ModelStatus } from '../../src/common/grpc/generated/model_pb.js';
import { ProviderService, type ProviderList } from '../../src/common/grpc/generated/session_pb.js';
import type { Door } from '../support/door.js';
import { doorOf, DOORS, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const SECRETS = ['scripted-key', 'second-key', 'header-secret', 'option-secret', 'user-in-url', 'agent-instructions', 'command-template'];

const second = {
  name: 'Second',
  npm: '@ai-sdk/openai-compatible',
  options: { baseURL: 'http://127.0.0.1:9/v1', apiKey: 'second-key' },
  models: {
    dear: {
      name: 'Dear',
      family: 'dears',
      release_date: '2026-01-02',
      reasoning: true,
      tool_call: true,
      limit: { context: 400_000, input: 300_000, output: 64_000 },
      cost: { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 },
      status: 'beta',
      headers: { 'x-secret': 'header-secret' },
      options: { secret: 'option-secret' },
      provider: { api: 'https://user-in-url:pw@models.example/v1?key=user-in-url' },
    },
  },
};

const config = {
  enabled_providers: ['scripted', 'second'],
  provider: { second },
  agent: { reviewer: { description: 'reviews', mode: 'subagent', prompt: 'agent-instructions', color: '#ff0000' } },
  command: { greet: { description: 'greets', template: 'command-template $ARGUMENTS', agent: 'plan' } },
};

describe('what OpenCode has on offer', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ config });
  });

  afterAll(() => test.stop());

  describe.each(DOORS)('over %s', (name) => {
    let door: Door;

    beforeEach(() => {
      door = doorOf(test, name);
    });

    it('lists agents that a caller can choose, without their instructions', async () => {
      const { agents } = await door.call(AgentService.method.listAgents, {});

      expect(agents.map((agent) => agent.name)).toEqual(expect.arrayContaining(['build', 'plan', 'general', 'reviewer']));
      expect(agents.map((agent) => agent.name)).not.toContain('title');
      expect(agents.find((agent) => agent.name === 'build')).toMatchObject({ builtIn: true, mode: 'primary' });
      expect(agents.find((agent) => agent.name === 'reviewer')).toMatchObject({
        description: 'reviews',
        builtIn: false,
        mode: 'subagent',
        color: '#ff0000',
      });
    });

    it('lists commands, without their templates', async () => {
      const { commands } = await door.call(CommandService.method.listCommands, {});

      expect(commands.find((command) => command.name === 'greet')).toMatchObject({
        description: 'greets',
        source: 'command',
        agent: 'plan',
        hints: ['$ARGUMENTS'],
      });
    });

    it('lists providers and what their models can do and cost', async () => {
      const { providers, defaults } = await door.call(ProviderService.method.getProviders, {});

      expect(providers.map(({ id }) => id).sort()).toEqual(['scripted', 'second']);
      expect(defaults).toMatchObject({ second: 'dear' });
      expect(providers.find(({ id }) => id === 'scripted')?.models.map(({ id }) => id)).toEqual(['scripted', 'other']);
      expect(modelOf(providers, 'second', 'dear')).toMatchObject({
        id: 'dear',
        providerId: 'second',
        name: 'Dear',
        family: 'dears',
        releaseDate: '2026-01-02',
        status: ModelStatus.BETA,
        capabilities: { reasoning: true, toolcall: true, attachment: false, input: { text: true, image: false } },
        cost: { input: 3, output: 15, cache: { read: 0.3, write: 3.75 } },
        limits: { context: 400_000, input: 300_000, output: 64_000 },
        variants: ['low', 'medium', 'high'],
        headers: {},
      });
    });

    it('lets no secret out', async () => {
      const answers = await Promise.all([
        door.call(AgentService.method.listAgents, {}),
        door.call(CommandService.method.listCommands, {}),
        door.call(ProviderService.method.getProviders, {}),
      ]);

      const said = JSON.stringify(answers, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
      expect(SECRETS.filter((secret) => said.includes(secret))).toEqual([]);
    });
  });
});

function modelOf(providers: ProviderList['providers'], providerId: string, modelId: string) {
  return providers.find(({ id }) => id === providerId)?.models.find(({ id }) => id === modelId);
}
