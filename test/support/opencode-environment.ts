import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface OpencodeEnvironmentOptions {
  /** Base URL of the scripted model, as `ScriptedModel.url` gives it. */
  readonly modelUrl: string;
  /** OpenCode's `permission` setting, such as `{ bash: 'ask' }`; without it nearly everything is allowed. */
  readonly permission?: Record<string, unknown>;
  /** Further OpenCode configuration, merged over the one made here, object by object. */
  readonly config?: Record<string, unknown>;
}

/** A place where an OpenCode server can run without knowing the machine it runs on. */
export interface OpencodeEnvironment {
  readonly root: string;
  /** A git work tree with one committed file; its path holds no symbolic link. */
  readonly workspace: string;
  /** The variables to add to those of the process. PATH is not among them: whoever starts OpenCode puts `rg` there. */
  readonly env: Record<string, string>;
  /** Deletes everything. Stop the server first. */
  remove(): Promise<void>;
}

/**
 * A private temporary folder with home, XDG folders and workspace, and the variables that point OpenCode at it.
 *
 * Nothing in it reaches the network: what OpenCode would download is switched off, and what a later version may
 * add runs into a proxy on a closed port and fails at once.
 */
export async function createOpencodeEnvironment(options: OpencodeEnvironmentOptions): Promise<OpencodeEnvironment> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'opencode-test-')));
  const workspace = join(root, 'workspace');
  const env = {
    ...folders(root),
    ...git,
    ...offline(root),
    ...frugal(root),
    OPENCODE_CONFIG_CONTENT: JSON.stringify(configuration(options)),
  };
  for (const folder of [...Object.values(folders(root)), workspace]) await mkdir(folder, { recursive: true });
  await Promise.all([
    pretendPluginIsInstalled(join(env.XDG_CONFIG_HOME, 'opencode')),
    writeFile(env.OPENCODE_MODELS_PATH, '{}'),
    createRepository(workspace, env),
  ]);
  return {
    root,
    workspace,
    env,
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}

function folders(root: string) {
  return {
    HOME: join(root, 'home'),
    XDG_DATA_HOME: join(root, 'data'),
    XDG_STATE_HOME: join(root, 'state'),
    XDG_CACHE_HOME: join(root, 'cache'),
    XDG_CONFIG_HOME: join(root, 'config'),
    TMPDIR: join(root, 'tmp'),
  };
}

const git = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.invalid',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.invalid',
};

function offline(root: string) {
  const closedPort = 'http://127.0.0.1:9';
  return {
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_SHARE: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
    OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
    OPENCODE_DISABLE_CLAUDE_CODE: '1',
    OPENCODE_DISABLE_EXTERNAL_SKILLS: '1',
    // Configuration of the machine, read from /etc/opencode otherwise.
    OPENCODE_TEST_MANAGED_CONFIG_DIR: join(root, 'managed'),
    npm_config_registry: closedPort,
    HTTP_PROXY: closedPort,
    HTTPS_PROXY: closedPort,
    http_proxy: closedPort,
    https_proxy: closedPort,
    NO_PROXY: 'localhost,127.0.0.1,::1',
    no_proxy: 'localhost,127.0.0.1,::1',
  };
}

/** Saves two and a half of the 7 s of CPU time that an OpenCode of a few prompts takes (measured). */
function frugal(root: string) {
  return {
    // Instead of the catalogue that OpenCode brings along, of which it makes thousands of models for the first prompt in a directory.
    OPENCODE_MODELS_PATH: join(root, 'models.json'),
    // Its JavaScript engine's last stage of compilation pays off in longer lives only.
    BUN_JSC_useFTLJIT: '0',
  };
}

function configuration({ modelUrl, permission, config = {} }: OpencodeEnvironmentOptions): Record<string, unknown> {
  const model = {
    tool_call: true,
    reasoning: true,
    attachment: true,
    temperature: true,
    modalities: { input: ['text', 'image', 'pdf'], output: ['text'] },
    limit: { context: 128_000, output: 16_000 },
  };
  const base = {
    model: 'scripted/scripted',
    small_model: 'scripted/scripted',
    share: 'disabled',
    autoupdate: false,
    lsp: false,
    formatter: false,
    // The work tree before and after each step: a third of what a prompt costs. Who tests changes and reverts switches it on.
    snapshot: false,
    // Keys of real providers in the environment of a developer must not add their models.
    enabled_providers: ['scripted'],
    provider: {
      scripted: {
        name: 'Scripted',
        npm: '@ai-sdk/openai-compatible',
        options: { baseURL: modelUrl, apiKey: 'scripted-key' },
        models: { scripted: { name: 'Scripted', ...model }, other: { name: 'Other', ...model } },
      },
    },
    ...(permission ? { permission } : {}),
  };
  return merge(base, config);
}

function merge(under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const present = merged[key];
    merged[key] = isRecord(present) && isRecord(value) ? merge(present, value) : value;
  }
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** OpenCode installs its plugin package into each configuration folder from npm unless the lock file there names it. */
export async function pretendPluginIsInstalled(folder: string): Promise<void> {
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  const lock = { lockfileVersion: 3, packages: { '': { dependencies: { '@opencode-ai/plugin': '*' } } } };
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock));
}

async function createRepository(workspace: string, env: Record<string, string>): Promise<void> {
  const options = { cwd: workspace, env: { ...process.env, ...env } };
  await writeFile(join(workspace, 'README.md'), '# Workspace\n');
  await run('git', ['init', '--quiet', '--initial-branch=main'], options);
  await run('git', ['add', 'README.md'], options);
  await run('git', ['commit', '--quiet', '--message=first'], options);
}
