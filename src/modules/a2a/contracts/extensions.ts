/** The extensions of A2A that are spoken here. opencode-a2a-server's keep the URIs that its clients know. */
export const EXTENSION_URIS = {
  session_binding: 'urn:a2a:session-binding/v1',
  model_selection: 'urn:a2a:model-selection/v1',
  streaming: 'urn:a2a:stream-hints/v1',
  session_query: 'urn:opencode-a2a:session-query/v1',
  provider_discovery: 'urn:opencode-a2a:provider-discovery/v1',
  interrupt_callback: 'urn:a2a:interactive-interrupt/v1',
  interrupt_recovery: 'urn:opencode-a2a:interrupt-recovery/v1',
  workspace_control: 'urn:opencode-a2a:workspace-control/v1',
  stream_resume: 'urn:opencode-gateway:a2a:stream-resume/v1',
  message_reply: 'urn:opencode-gateway:a2a:message-reply/v1',
  compatibility_profile: 'urn:a2a:compatibility-profile/v1',
  wire_contract: 'urn:a2a:wire-contract/v1',
} as const;

export type ExtensionKey = keyof typeof EXTENSION_URIS;

export const EXTENSION_KEYS = Object.keys(EXTENSION_URIS) as readonly ExtensionKey[];

/** What each is for; the card and the guide say it in these words. */
export const EXTENSION_DESCRIPTIONS: Readonly<Record<ExtensionKey, string>> = {
  session_binding: 'Continue a session of OpenCode: name it in metadata.shared.session.id.',
  model_selection: 'Choose the model of one message with metadata.shared.model.',
  streaming: 'Metadata of streams: kinds of blocks, places in the timeline, usage, and what the agent asks.',
  session_query: 'Look at sessions of OpenCode and work with them, by JSON-RPC methods.',
  provider_discovery: 'Look at the providers and models of OpenCode, by JSON-RPC methods.',
  interrupt_callback: 'Answer permissions and questions of the agent, by JSON-RPC methods; an ordinary message to the task does too.',
  interrupt_recovery: 'List the permissions and questions that wait for an answer, by JSON-RPC methods.',
  workspace_control: 'Look at projects, workspaces and worktrees of OpenCode, by JSON-RPC methods.',
  stream_resume: 'Go on with a stream over HTTP where it was cut: events have an id, which Last-Event-ID takes.',
  message_reply: 'Get the answer as a bare message instead of a task: metadata.opencode.reply = message.',
  compatibility_profile: 'Which methods and extensions stay, and under which settings.',
  wire_contract: 'Every method and route there is, by version, and how an unknown method is refused.',
};

/** How later releases of opencode-a2a-server call them. */
const LATER_NAMES: ReadonlyMap<string, ExtensionKey> = new Map(
  Object.entries({
    'session-binding': 'session_binding',
    'model-selection': 'model_selection',
    'stream-hints': 'streaming',
    'session-query': 'session_query',
    'session-management': 'session_query',
    'provider-discovery': 'provider_discovery',
    'interactive-interrupt': 'interrupt_callback',
    'interrupt-recovery': 'interrupt_recovery',
    'workspace-control': 'workspace_control',
    'compatibility-profile': 'compatibility_profile',
    'wire-contract': 'wire_contract',
  } as const),
);

const LATER_URI =
  /^(?:urn:opencode-a2a:extension:([a-z-]+):v1|https:\/\/github\.com\/Intelligent-Internet\/opencode-a2a\/blob\/main\/docs\/extension-specifications\.md#(?:a2a-|shared-|opencode-)?([a-z-]+?)(?:-v1)?)$/;

const BY_URI: ReadonlyMap<string, ExtensionKey> = new Map(EXTENSION_KEYS.map((key) => [EXTENSION_URIS[key], key]));

/** The extension that a caller means by a URI, under any of its names; undefined when there is none. */
export function extensionOf(uri: string): ExtensionKey | undefined {
  const [, urnName, fragment] = LATER_URI.exec(uri) ?? [];
  return BY_URI.get(uri) ?? LATER_NAMES.get(urnName ?? fragment ?? '');
}

/** Whether a caller negotiated an extension, under any of its names. */
export function negotiates(uris: ReadonlySet<string>, key: ExtensionKey): boolean {
  return [...uris].some((uri) => extensionOf(uri) === key);
}
