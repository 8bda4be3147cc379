import { HostileWorkspace, hostilePath, SECRET } from '../../../test/support/hostile-workspace.js';
import { Random } from '../../../test/support/random.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { FileTree } from './file.model.js';
import { LocalTree } from './local-tree.js';

const CALLS = 10_000;
const ROUNDS = 25;
const CALLERS = 8;
const MAX_BYTES = 4_096;

/** One call with arguments nobody should make; gives what it read, or what it was refused with. */
async function call(tree: FileTree, random: Random): Promise<Buffer | GatewayError> {
  const path = hostilePath(random);
  const nothing = Buffer.alloc(0);
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const file = await tree.open(path);
      return file.read(random.below(10), random.below(5_000)).finally(() => file.close());
    }
    case 4:
    case 5:
    case 6: {
      const [ifMatch, content] = [random.pick(['', '', '*', '"x"', ',']), random.bytes(random.pick([0, 1, 100, MAX_BYTES + 1]))];
      await tree.write(path, content, { createDirs: random.below(2) === 0, ifMatch, mustCreate: random.below(4) === 0 });
      return nothing;
    }
    case 7:
    case 8:
      await tree.delete(path, random.pick(['', '', '*', '"x"']));
      return nothing;
    default: {
      const patterns = random.below(2) === 0 ? [] : [random.bytes(20).toString('latin1'), '*a*a*a*a*a*a*a*b'.repeat(8)];
      const query = { path: random.pick(['', path]), recursive: random.below(2) === 0, patterns, excludePatterns: [], pageToken: '' };
      const { files } = await tree.list({ ...query, pageSize: 1 + random.below(50) });
      return Buffer.from(JSON.stringify(files));
    }
  }
}

describe('the local files under hostile calls', () => {
  let workspace: HostileWorkspace;

  beforeAll(async () => {
    workspace = await HostileWorkspace.create();
  });

  afterAll(() => workspace.remove());

  it(`stay inside in ${CALLS} calls: nothing outside is read or changed, none fails for an unknown reason, none hangs`, async () => {
    const random = new Random();
    const tree = new LocalTree({ root: workspace.root, base: [], maxFileBytes: MAX_BYTES, searchPath: undefined });
    const before = await workspace.outsideNow();
    const wrong: unknown[] = [];
    const reasons = new Map<string, number>();
    const judge = (result: unknown): void => {
      const isRefusal = result instanceof GatewayError && result.code !== 'INTERNAL' && !result.message.includes(workspace.outside);
      const isHarmless = Buffer.isBuffer(result) && !result.includes(SECRET);
      if (!isRefusal && !isHarmless) wrong.push(result);
      const reason = isRefusal ? result.reason : 'none';
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    };
    const makeCalls = async (): Promise<void> => {
      for (let made = 0; made < CALLS / ROUNDS / CALLERS; made += 1) judge(await call(tree, random).catch((error: unknown) => error));
    };

    for (let round = 0; round < ROUNDS; round += 1) {
      await workspace.refill();
      workspace.startExchanging();
      await Promise.all(Array.from({ length: CALLERS }, makeCalls));
      await workspace.stopExchanging();
    }

    expect({ seed: random.seed, wrong }).toEqual({ seed: random.seed, wrong: [] });
    expect({ seed: random.seed, outside: await workspace.outsideNow() }).toEqual({ seed: random.seed, outside: before });
    // The calls came to all the places they are meant to come to.
    expect([...reasons.keys()]).toEqual(
      expect.arrayContaining(['none', 'INVALID_FIELD', 'NOT_A_FILE', 'GIT_IS_PROTECTED', 'LINK_LEADS_OUTSIDE']),
    );
  });
});
