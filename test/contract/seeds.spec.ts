import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { differences, packageOf, protoBlocks, Seed, servedContract, type Fixed } from './seed.js';

const shared = join(__dirname, '..', '..', '..', 'shared');
const copies = join(__dirname, 'seeds');

function filesOf(folder: string): Seed {
  return new Seed(
    readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .map((text) => ({ package: packageOf(text) ?? '', text })),
  );
}

/** The original where it is at hand, else the copy that stands in this repository; says which aloud. */
function seed(original: string, copy: string, read: (path: string) => Seed): Seed {
  if (existsSync(original)) return read(original);
  console.warn(`seeds: ${original} is not at hand; ${copy} is compared instead`);
  return filesOf(copy);
}

const seed000 = seed(join(shared, 'contract', 'v1'), join(copies, 'v1'), filesOf);
const seed001 = seed(
  join(shared, 'seeds', '001_4c2a2234a7fc2a0a.txt'),
  join(copies, 'seed001'),
  (path) => new Seed(protoBlocks(readFileSync(path, 'utf8'))),
);

/** The copy of seed 001 is repaired: its aggregate has a message that the seed only names. */
const REPAIRED = 'opencode.Empty';

function countsOf({ messages, enums, services, methods }: Seed) {
  return { messages: messages.size - Number(messages.has(REPAIRED)), enums: enums.size, services: services.size, methods: methods.size };
}

describe('what a running gateway serves', () => {
  let test: TestGateway;
  let served: Fixed;

  beforeAll(async () => {
    test = await startTestGateway();
    served = servedContract(new Uint8Array(await (await fetch(`${test.httpUrl}/descriptors.binpb`)).arrayBuffer()));
  });

  afterAll(() => test.stop());

  it('has all that seed 000 fixed, unchanged', () => {
    expect(differences(seed000.fixed, served)).toEqual([]);
    expect(countsOf(seed000)).toEqual({ messages: 58, enums: 5, services: 1, methods: 17 });
  });

  it('has all that seed 001 fixed, unchanged', () => {
    expect(differences(seed001.fixed, served)).toEqual([]);
    expect(countsOf(seed001)).toEqual({ messages: 59, enums: 4, services: 8, methods: 30 });
  });

  it.each([
    ['a number', 'opencode.tool.PermissionRequest.title', '70 plain string'],
    ['a type', 'opencode.session.SessionTime.created', '1 plain int32'],
    ['a label', 'opencode.message.SendMessageRequest.agent', '4 plain string'],
    ['an enum value', 'opencode.auth.AuthType.OAUTH', '3'],
    ['a stream', 'opencode.event.EventService.SubscribeGlobalEvents', 'opencode.event.Empty → opencode.event.GlobalEvent'],
  ])('would be told apart by %s', (_, name, line) => {
    expect(served.has(name)).toBe(true);

    expect(differences(seed001.fixed, new Map([...served, [name, line]]))).toHaveLength(1);
  });

  it('would be told apart by what is missing', () => {
    const without = new Map([...served].filter(([name]) => name !== 'opencode.session.TabInfo'));

    expect(differences(seed001.fixed, without)).toEqual(['opencode.session.TabInfo is missing']);
  });
});
