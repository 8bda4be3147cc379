import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig, settings } from '../../src/common/config/config.js';
import { contractContext } from '../../src/modules/a2a/contracts/contract-context.js';
import { extensionContracts } from '../../src/modules/a2a/contracts/contracts.js';
import { ERROR_CODES } from '../../src/modules/a2a/contracts/errors.js';
import { METHOD_CONTRACTS, type MethodContract } from '../../src/modules/a2a/contracts/methods.js';

const docs = join(__dirname, '..', '..', 'docs');
const guide = readFileSync(join(docs, 'a2a.md'), 'utf8');
const migration = readFileSync(join(docs, 'migrating-from-opencode-a2a.md'), 'utf8');

/** The rows below a table's head. */
function rowsBelow(head: string): string[] {
  const [, below = ''] = guide.split(`${head}\n`);
  return below
    .slice(0, below.search(/\n\n|$(?![\s\S])/))
    .split('\n')
    .slice(1);
}

/** What is required first; the rest in brackets. Parameters that may also stand in `query` are named once. */
function parametersOf({ required = [], optional = [] }: MethodContract): string {
  const more = optional.filter((name) => !name.startsWith('query.')).map((name) => `[\`${name}\`]`);
  return [...required.map((name) => `\`${name}\``), ...more].join(' ') || '–';
}

describe('the guide to A2A', () => {
  it('has every extension, with the words of its contract', () => {
    const contracts = extensionContracts(contractContext(readConfig({})));

    expect(rowsBelow('| extension | what it is for |')).toEqual(contracts.map(({ uri, description }) => `| \`${uri}\` | ${description} |`));
  });

  it('has every method of the extensions, with what its contract says', () => {
    const rows = METHOD_CONTRACTS.map((contract) => {
      const type = contract.itemsType === undefined ? '' : `: ${contract.itemsType}`;
      return `| \`${contract.method}\` | ${parametersOf(contract)} | \`${contract.result.join('`, `')}\`${type} |`;
    });

    expect(rowsBelow('| method | parameters | result |')).toEqual(rows);
  });

  it('has the number of every failure in both versions', () => {
    const types = Object.keys(ERROR_CODES['0.3']) as (keyof (typeof ERROR_CODES)['0.3'])[];

    expect(rowsBelow('| type | 0.3 | 1.0 |')).toEqual(
      types.map((type) => `| \`${type}\` | ${ERROR_CODES['0.3'][type]} | ${ERROR_CODES['1.0'][type]} |`),
    );
  });

  it('sends bodies that are JSON', () => {
    const bodies = [...guide.matchAll(/ -d '(\{.*\})'$/gm)].map(([, body = '']) => body.replace(/'\$TASK'/, 'task'));

    expect(bodies.length).toBeGreaterThan(5);
    for (const body of bodies) expect(() => JSON.parse(body) as unknown).not.toThrow();
  });
});

describe('the page for who comes from opencode-a2a-server', () => {
  it.each(['A2A', 'OPENCODE'])('speaks of every variable %s_… that is read here', (prefix) => {
    const own = /^(OPENCODE_(SERVER|BIN|AUTH|HANG|LOST|DEBUG|TRUST)|A2A_(VERSIONS|DATA|STORE|PUSH))/;
    const names = Object.keys(settings).filter((name) => name.startsWith(`${prefix}_`) && !own.test(name));

    expect(names.filter((name) => !migration.includes(`\`${name}\``))).toEqual([]);
  });
});
