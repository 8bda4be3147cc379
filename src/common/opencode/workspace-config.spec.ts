import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { WorkspaceConfig, type WorkspaceConfigUse } from './workspace-config.js';

describe('configuration that comes with a workspace', () => {
  let root: string;

  beforeEach(() => {
    root = join(realpathSync(mkdtempSync(join(tmpdir(), 'workspace-config-'))), 'root');
    mkdirSync(join(root, 'inner/deep'), { recursive: true });
  });

  afterEach(() => rmSync(dirname(root), { recursive: true, force: true }));

  function put(path: string, content = ''): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }

  const use = (how: WorkspaceConfigUse, directory = 'inner'): Promise<void> =>
    new WorkspaceConfig(how, root).requireNoPlugins(join(root, directory));

  it.each([
    ['.opencode/plugin/evil.js', ''],
    ['.opencode/plugins/evil.ts', ''],
    ['inner/.opencode/plugin/evil.ts', ''],
    ['opencode.json', '{"plugin":["evil"]}'],
    ['inner/opencode.jsonc', '{ /* harmless */ "plugins": ["./evil.js"] }'],
    ['inner/.opencode/opencode.json', '{"\\u0070lugin":["evil"]}'],
    ['opencode.json', ' '.repeat(1024 * 1024 + 1)],
  ])('is refused for %s', async (path, content) => {
    put(path, content);

    await expect(use('ignored')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'WORKSPACE_PLUGINS' });
  });

  it('is refused when it cannot be read to its end', async () => {
    execFileSync('mkfifo', [join(root, 'opencode.json')]);

    await expect(use('ignored')).rejects.toMatchObject({ reason: 'WORKSPACE_PLUGINS' });
  });

  it.each([
    ['opencode.json', '{"mcp":{},"permission":{"bash":"allow"}}'],
    ['inner/deep/.opencode/plugin/evil.js', ''],
    ['.opencode/plugin/README.md', ''],
    ['.opencode/command/plugin.md', ''],
    ['../opencode.json', '{"plugin":["of the operator"]}'],
  ])('passes with %s', async (path, content) => {
    put(path, content);

    await expect(use('ignored')).resolves.toBeUndefined();
  });

  it.each(['trusted', 'unmanaged'] as const)('is not looked at where it is %s', async (how) => {
    put('.opencode/plugin/evil.js');

    await expect(use(how)).resolves.toBeUndefined();
  });
});
