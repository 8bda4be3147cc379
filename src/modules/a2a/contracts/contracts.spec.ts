import { readConfig } from '../../../common/config/config.js';
import { contractContext } from './contract-context.js';
import { supportedMethods } from './contract-methods.js';
import { extensionContracts } from './contracts.js';
import { ERROR_CODES } from './errors.js';
import { EXTENSION_URIS, extensionOf, type ExtensionKey } from './extensions.js';
import { METHOD_CONTRACTS } from './methods.js';

const SHELL = 'opencode.sessions.shell';

function paramsOf(key: ExtensionKey, environment: Record<string, string> = {}): Record<string, unknown> {
  const contract = extensionContracts(contractContext(readConfig(environment))).find((one) => one.key === key);
  return contract?.params ?? {};
}

describe('the contracts of the extensions', () => {
  it('T4 have the shell only where it is enabled', () => {
    const off = JSON.stringify([paramsOf('session_query')['methods'], paramsOf('session_query')['method_contracts']]);
    const on = paramsOf('session_query', { A2A_ENABLE_SESSION_SHELL: 'true' });

    expect(off).not.toContain(SHELL);
    expect(on).toMatchObject({
      methods: { shell: SHELL },
      control_methods: { shell: SHELL },
      method_contracts: { [SHELL]: { params: { required: ['session_id', 'request.agent', 'request.command'] } } },
    });
  });

  it('T4 say which setting would enable the shell', () => {
    expect(paramsOf('session_query')['control_method_flags']).toEqual({
      [SHELL]: { enabled_by_default: false, config_key: 'A2A_ENABLE_SESSION_SHELL' },
    });
    expect(paramsOf('wire_contract')).toMatchObject({
      extensions: {
        conditionally_available_methods: { [SHELL]: { reason: 'disabled_by_configuration', toggle: 'A2A_ENABLE_SESSION_SHELL' } },
      },
    });
    expect(paramsOf('compatibility_profile')).toMatchObject({ method_retention: { [SHELL]: { availability: 'disabled' } } });
  });

  it('T23 leave a disabled shell out of the supported methods', () => {
    expect(supportedMethods(contractContext(readConfig({})))).not.toContain(SHELL);
    expect(supportedMethods(contractContext(readConfig({ ENABLE_SESSION_SHELL: 'true' })))).toContain(SHELL);
  });

  it('name every method there is, in the versions that are spoken', () => {
    const all = supportedMethods(contractContext(readConfig({})));
    const old = supportedMethods(contractContext(readConfig({ A2A_VERSIONS: '0.3' })));

    expect(paramsOf('wire_contract')['all_jsonrpc_methods']).toEqual(all);
    expect(all).toEqual(expect.arrayContaining(['message/send', 'SendMessage', 'opencode.sessions.list']));
    expect(old).toEqual(expect.arrayContaining(['message/send']));
    expect(old).not.toContain('SendMessage');
  });

  it('T24 answer notifications of every extension method with 204', () => {
    const keys = [...new Set(METHOD_CONTRACTS.map(({ extension }) => extension))];
    const contracts = keys.flatMap((key) => Object.values(paramsOf(key, { ENABLE_SESSION_SHELL: '1' })['method_contracts'] as object));

    expect(contracts.length).toBe(METHOD_CONTRACTS.length);
    expect(contracts.map((contract) => (contract as { notification_response_status: number }).notification_response_status)).toEqual(
      METHOD_CONTRACTS.map(() => 204),
    );
  });

  it("have opencode-a2a-server's numbers in 0.3, and none of the protocol's own in 1.0", () => {
    const current = Object.values(ERROR_CODES['1.0']);

    expect(paramsOf('session_query')).toMatchObject({
      errors: {
        business_codes: {
          SESSION_NOT_FOUND: -32001,
          SESSION_FORBIDDEN: -32006,
          UPSTREAM_UNREACHABLE: -32002,
          UPSTREAM_HTTP_ERROR: -32003,
          UPSTREAM_PAYLOAD_ERROR: -32005,
        },
      },
    });
    expect(current.filter((code) => code <= -32001 && code >= -32009)).toEqual([]);
    expect(ERROR_CODES['1.0']).toMatchObject({ SESSION_NOT_FOUND: -32051, SESSION_FORBIDDEN: -32056, AUTHORIZATION_FORBIDDEN: -32057 });
  });

  it('tell no push methods where nobody is told', () => {
    expect(supportedMethods(contractContext(readConfig({ A2A_PUSH: 'false' }))).filter((method) => /push/i.test(method))).toEqual([]);
  });

  it('tell where the agent works by nothing but the names in the settings', () => {
    const environment = { A2A_PROJECT: 'alpha', OPENCODE_WORKSPACE_ROOT: '/srv/workspaces/alpha', A2A_ALLOW_DIRECTORY_OVERRIDE: 'false' };

    const params = paramsOf('session_binding', environment);

    expect(params).toMatchObject({ deployment_context: { project: 'alpha', allow_directory_override: false }, tenant_isolation: 'none' });
    expect(JSON.stringify(params)).not.toContain('/srv');
  });
});

describe('extensionOf', () => {
  it.each([
    ['urn:a2a:session-binding/v1', 'session_binding'],
    ['urn:opencode-a2a:extension:session-binding:v1', 'session_binding'],
    ['urn:opencode-a2a:extension:session-management:v1', 'session_query'],
    ['https://github.com/Intelligent-Internet/opencode-a2a/blob/main/docs/extension-specifications.md#stream-hints-v1', 'streaming'],
    ['https://github.com/Intelligent-Internet/opencode-a2a/blob/main/docs/extension-specifications.md#shared-stream-hints-v1', 'streaming'],
    [
      'https://github.com/Intelligent-Internet/opencode-a2a/blob/main/docs/extension-specifications.md#opencode-interrupt-recovery-v1',
      'interrupt_recovery',
    ],
    ['urn:opencode-gateway:a2a:stream-resume/v1', 'stream_resume'],
  ])('knows %s as %s', (uri, key) => {
    expect(extensionOf(uri)).toBe(key);
  });

  it.each(['', 'urn:a2a:nothing/v1', 'urn:opencode-a2a:extension:nothing:v1', 'constructor', 'urn:opencode-a2a:extension:constructor:v1'])(
    'knows nothing of %j',
    (uri) => {
      expect(extensionOf(uri)).toBeUndefined();
    },
  );

  it('knows every extension by its own URI', () => {
    expect(Object.values(EXTENSION_URIS).map((uri) => extensionOf(uri))).toEqual(Object.keys(EXTENSION_URIS));
  });
});
