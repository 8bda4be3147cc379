import { z } from 'zod';
import { choices, flag, forgivingLevel, integer, isHostName, isNetwork, names, portNumber, secret, text, webUrl } from './setting-types.js';

/** The versions of A2A that are spoken. */
const VERSIONS = ['0.3', '1.0'] as const;

function isWebhookHost(name: string): boolean {
  return name === '*' || isHostName(name.replace(/^\*\./, '')) || isNetwork(name);
}

/** The settings of A2A. Those that opencode-a2a-server has mean what they mean there. */
export const a2aSettings = {
  A2A_VERSIONS: choices(VERSIONS, '0.3,1.0').describe('the versions of A2A that are spoken, comma-separated: 0.3, 1.0'),
  A2A_HOST: text().optional().describe('the same as HOST'),
  A2A_PORT: portNumber.optional().describe('the same as HTTP_PORT'),
  A2A_PUBLIC_URL: webUrl().optional().describe('the same as PUBLIC_URL'),
  A2A_BEARER_TOKEN: secret.describe('one more bearer token'),
  A2A_TITLE: text().default('OpenCode A2A').describe('how the Agent Card calls the agent'),
  A2A_DESCRIPTION: text()
    .default('A2A wrapper service for OpenCode')
    .describe('what the Agent Card says of the agent, before what is true of all'),
  A2A_VERSION: text().optional().describe('version of the agent in the Agent Card; unset: that of the gateway'),
  A2A_PROJECT: text().optional().describe('the project the agent works on, told in the extended Agent Card'),
  A2A_DOCUMENTATION_URL: webUrl().optional().describe('where the Agent Card says that the agent is documented'),
  A2A_PROTOCOL_VERSION: z
    .string()
    .regex(/^0\.3(\.\d+)?$/, 'must be 0.3 or a release of it; A2A_VERSIONS says which versions are spoken')
    .default('0.3.0')
    .describe('the protocol version that the Agent Card tells readers of A2A 0.3'),
  A2A_LOG_LEVEL: forgivingLevel
    .optional()
    .describe("the same as LOG_LEVEL, which wins; in Python's words too and in any case; anything else: warn"),
  A2A_LOG_PAYLOADS: flag().describe('requests and answers in the log too, at debug; see "What is logged"'),
  A2A_LOG_BODY_LIMIT: integer(0, 0).describe('bytes of an answer that A2A_LOG_PAYLOADS shows; larger requests are left out; 0: no limit'),
  A2A_MAX_REQUEST_BODY_BYTES: integer(0, 1024 * 1024).describe('largest request to the routes of A2A; 0: as large as MAX_REQUEST_BYTES'),
  A2A_ALLOW_DIRECTORY_OVERRIDE: flag('true').describe(
    'let callers name a directory of the workspace to work in (metadata.opencode.directory)',
  ),
  A2A_ENABLE_SESSION_SHELL: flag().describe('the same as ENABLE_SESSION_SHELL'),
  A2A_SESSION_CACHE_TTL_SECONDS: integer(1, 3_600).describe(
    'seconds for which the session of an A2A context is remembered without a look at OpenCode',
  ),
  A2A_SESSION_CACHE_MAXSIZE: integer(1, 10_000).describe('A2A contexts whose sessions are remembered so, where A2A_STORE_URL is unset'),
  A2A_CANCEL_ABORT_TIMEOUT_SECONDS: z.coerce
    .number()
    .min(0)
    .max(60)
    .default(2)
    .describe('seconds that the cancellation of a task waits for OpenCode to stop; the task is canceled either way'),
  OPENCODE_SYSTEM: text().optional().describe('system prompt of what is sent over A2A'),
  OPENCODE_VARIANT: text().optional().describe('variant of the model for what is sent over A2A'),
  A2A_DATA_PARTS: flag().describe('take data parts of messages, and show them to the agent as JSON; false: refuse them'),
  A2A_STORE_URL: z
    .url({ protocol: /^(rediss?|unix)$/ })
    .optional()
    .describe('a Redis that all replicas share, for what A2A keeps beside OpenCode: redis, rediss or unix; unset: memory'),
  A2A_PUSH: flag('true').describe('tell of tasks at addresses that callers name (push notifications)'),
  A2A_PUSH_ALLOWED_HOSTS: names(isWebhookHost, 'must be host names, *.example.org, networks such as 10.0.0.0/8, or *').describe(
    'where such addresses may lead, comma-separated: host names (also as *.example.org), networks, be they private or not, and * for all that is public; unset: *',
  ),
} satisfies Record<string, z.ZodType>;

/** Settings of opencode-a2a-server that are another one here. */
const SAME = { A2A_HOST: 'HOST', A2A_PORT: 'HTTP_PORT', A2A_PUBLIC_URL: 'PUBLIC_URL', A2A_LOG_LEVEL: 'LOG_LEVEL' } as const;
/** Whose two names may say different things. */
const YIELDING: ReadonlySet<string> = new Set(['A2A_LOG_LEVEL']);

type Given = Readonly<Record<string, string | undefined>>;

/** What is in force for settings that have two names: the value under either. What cannot be read is left to be refused by its own name. */
export function withSynonyms(given: Given): Given {
  const all: Record<string, string | undefined> = { ...given };
  for (const [synonym, name] of Object.entries(SAME)) {
    const read = a2aSettings[synonym as keyof typeof SAME].safeParse(given[synonym]);
    if (read.success && read.data !== undefined) all[name] ??= String(read.data);
  }
  return all;
}

/** One message for each setting whose two names contradict each other. */
export function contradictions(given: Given): string[] {
  return Object.entries(SAME).flatMap(([synonym, name]) => {
    const [left, right] = [given[synonym], given[name]];
    const differ = left !== undefined && right !== undefined && left.trim() !== right.trim() && !YIELDING.has(synonym);
    return differ ? [`${synonym}: is the same as ${name}, which has another value; set one of them`] : [];
  });
}
