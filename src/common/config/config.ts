import { z } from 'zod';
import { a2aSettings, contradictions, withSynonyms } from './a2a-settings.js';
import {
  choices,
  flag,
  integer,
  isHostName,
  isLoopback,
  isOrigin,
  isSafeForKeys,
  LOG_LEVELS,
  MAX_TIMER_MS,
  milliseconds,
  names,
  optionalFlag,
  port,
  seconds,
  secret,
  text,
  webUrl,
  wholeSeconds,
} from './setting-types.js';

/** The doors, and A2A, which is spoken at those that are open. */
const TRANSPORTS = ['grpc', 'http', 'a2a'] as const;

/**
 * Every environment variable the gateway reads, with its type, default and unit.
 *
 * Defaults are safe for production. The README's table is compared with this schema by a test.
 */
export const settings = {
  HOST: text().default('127.0.0.1').describe('bind address of both ports'),
  GRPC_PORT: port(8080).describe('gRPC port; 0: any free port, printed'),
  HTTP_PORT: port(8081).describe('HTTP port; 0: any free port, printed'),
  TRANSPORTS: choices(TRANSPORTS, 'grpc,http,a2a').describe(
    'the doors that open, comma-separated: grpc, http; and a2a, which they speak then',
  ),
  OPENCODE_BASE_URL: webUrl().optional().describe('an OpenCode server; unset: the gateway starts its own'),
  OPENCODE_SERVER_USERNAME: text().default('opencode').describe('Basic user name at OpenCode'),
  OPENCODE_SERVER_PASSWORD: z.string().optional().describe('Basic password at OpenCode; embedded: unset makes a random one'),
  OPENCODE_BIN: text().optional().describe('the OpenCode binary of the embedded server'),
  OPENCODE_AUTH_FILE: text()
    .optional()
    .describe('where OpenCode keeps its credentials (auth.json); default: that of the embedded OpenCode'),
  OPENCODE_WORKSPACE_ROOT: text()
    .optional()
    .describe('every session directory lies inside; default: the current directory, or the directory of the remote OpenCode'),
  OPENCODE_PROVIDER_ID: text().optional().describe('default provider of prompts'),
  OPENCODE_MODEL_ID: text().optional().describe('default model of prompts'),
  OPENCODE_AGENT: text().optional().describe('default agent of prompts'),
  OPENCODE_TIMEOUT: seconds.default(120).describe('seconds a single call to OpenCode may take'),
  OPENCODE_TIMEOUT_STREAM: seconds.optional().describe('seconds a turn may take when the caller waits or streams; unset: no limit'),
  OPENCODE_HANG_S: seconds.default(60).describe('seconds without any answer after which the embedded OpenCode is killed and started anew'),
  OPENCODE_LOST_AFTER_S: seconds
    .default(60)
    .describe('seconds OpenCode may be away until its running and waiting turns end as interrupted'),
  OPENCODE_DEBUG: flag().describe('debug logging, as LOG_LEVEL=debug'),
  OPENCODE_TRUST_WORKSPACE_CONFIG: optionalFlag.describe(
    'let the embedded OpenCode use what workspaces bring along: opencode.json, .opencode, AGENTS.md, skills; unset: on loopback only',
  ),
  ACCESS_TOKEN: secret.describe('bearer token that callers must show'),
  ACCESS_TOKENS_FILE: text().optional().describe('a file of named bearer tokens with scopes, kept as hashes; read again when it changes'),
  ACCESS_JWT_ISSUER: text().optional().describe('who issues JSON Web Tokens that callers may show, as their `iss` has it'),
  ACCESS_JWT_AUDIENCE: text().optional().describe('for whom such tokens are, as their `aud` has it'),
  ACCESS_JWT_JWKS_URL: z
    .url({ protocol: /^(https?|file)$/, abort: true })
    .refine(isSafeForKeys, 'must be https, http on loopback, or file')
    .optional()
    .describe('where the public keys of the issuer are: https, http on loopback, or file'),
  ACCESS_JWT_SCOPES_CLAIM: text().default('scope').describe('the claim that says what the caller may do, or a dotted path to it'),
  ACCESS_JWT_SCOPES_MAP: text()
    .optional()
    .describe('which scopes the values of that claim mean, as `value=scope,scope;value=scope`; unset: values that are scopes count'),
  ACCESS_CERTIFICATES_FILE: text()
    .optional()
    .describe('a file of subjects of client certificates with scopes, for the gRPC port; read again when it changes'),
  ACCESS_ADOPT: z
    .enum(['none', 'first', 'all'])
    .default('none')
    .describe('whose sessions are that nobody made through the gateway: none (admins alone), first (who first works with one) or all'),
  ACCESS_ANONYMOUS: flag().describe('allow callers without a token although the gateway is not bound to loopback'),
  TLS_CERT_FILE: text().optional().describe('certificate of both ports, with its chain, as PEM; read again when it is renewed'),
  TLS_KEY_FILE: text().optional().describe('the private key of that certificate, as PEM'),
  TLS_CLIENT_CA_FILE: text().optional().describe('authorities whose client certificates count on the gRPC port, as PEM'),
  GRPC_REFLECTION: flag('true').describe('tell everybody who asks on the gRPC port which methods there are'),
  METRICS_OPEN: flag().describe('tell the metrics to everybody who asks; false: to tokens with the scope read'),
  METRICS_PRINCIPALS: flag().describe('tell tokens, cost and turns by principal too: the first 100, and all others together'),
  PUBLIC_URL: webUrl()
    .optional()
    .describe('what Location headers, the OpenAPI document and the Agent Card advertise; default: relative, the card: its own address'),
  ENABLE_SESSION_SHELL: flag().describe('let callers run shell commands in a session (RunShell)'),
  HTTP_ALLOWED_HOSTS: names(isHostName, 'must be host names without scheme and port').describe(
    'host names the HTTP door answers to, comma-separated, besides addresses, localhost and that of PUBLIC_URL; unset: any where tokens are asked for, else none',
  ),
  CORS_ORIGINS: names(isOrigin, 'must be origins as browsers write them, such as https://app.example.org').describe(
    'origins whose web pages may call, comma-separated and exact; unset: none but its own',
  ),
  LOG_FORMAT: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('json: a JSON object a line; pretty: for people; auto: pretty when standard error is a terminal'),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info').describe('fatal, error, warn, info, debug or trace'),
  ACCESS_LOG: flag('true').describe('one line in the log for each call: who, what, with which result, how long; no contents'),
  DRAIN_DELAY_MS: milliseconds(0).describe(
    'how long a stop goes on serving after it said that it is not ready, so that nobody is sent here',
  ),
  DRAIN_TIMEOUT_MS: milliseconds(10_000).describe('how long a stop may then take, most of it for calls in flight'),
  MAX_REQUEST_BYTES: integer(1_024, 20 * 1024 * 1024).describe('largest request message on both doors'),
  MAX_SMALL_REQUEST_BYTES: integer(1_024, 256 * 1024).describe('largest request message without a prompt, a command line or a file'),
  MAX_HEADER_BYTES: integer(4_096, 16 * 1024).describe('most bytes of headers of an HTTP request'),
  MAX_MESSAGE_BYTES: integer(1, 4 * 1024 * 1024).describe('most text in a prompt, in bytes of UTF-8'),
  MAX_MESSAGE_PARTS: integer(1, 100).describe('parts of a prompt, attachments included'),
  MAX_FILE_BYTES: integer(1, 1024 * 1024 * 1024).describe('largest file that is written'),
  ASK_DEFAULT: z
    .enum(['wait', 'reject', 'once'])
    .default('wait')
    .describe('what is answered to agents when nobody answers them in time: wait, reject or once (questions: reject)'),
  ASK_TIMEOUT_S: z.coerce
    .number()
    .min(0)
    .max(MAX_TIMER_MS / 1_000)
    .optional()
    .describe('seconds until ASK_DEFAULT is answered, 0: at once; set with reject and once'),
  MAX_QUEUED_TURNS: integer(0, 32).describe('turns that may wait behind the running one of a session'),
  MAX_TURNS: integer(1, 1_024).describe('turns that may run or wait at this gateway'),
  MAX_TURNS_PER_PRINCIPAL: integer(1, 256).describe('the same for each principal'),
  MAX_STREAMS: integer(1, 5_000).describe('streams that may be open at this gateway, over both doors'),
  MAX_STREAMS_PER_PRINCIPAL: integer(1, 2_500).describe('the same for each principal'),
  MAX_CALLS_IN_FLIGHT: integer(1, 2_048).describe(
    'calls that may wait for their answers, over both doors; health and abort are always let in',
  ),
  MAX_CONNECTIONS: integer(1, 8_192).describe('connections that may be open at each door; more are closed at once'),
  RATE_LIMIT_PER_MINUTE: integer(0, 6_000).describe(
    'calls a minute of each principal, over both doors; health and abort do not count; 0: no limit',
  ),
  ACCESS_FAILURES_PER_MINUTE: integer(0, 3_000).describe(
    'calls a minute without valid credentials from each address, after which no new ones are looked at; 0: no limit',
  ),
  REQUEST_TIMEOUT_S: wholeSeconds(60).describe(
    'seconds in which a request must arrive; a raw file may take longer, with 1 MiB in each; 0: no limit',
  ),
  HTTP_KEEPALIVE_S: wholeSeconds(72).describe('seconds an HTTP connection may rest between two requests'),
  STREAM_QUEUE_MESSAGES: integer(16, 16_384).describe('messages a slow reader may leave unread before it is ended'),
  STREAM_QUEUE_BYTES: integer(1_024, 2 * 1024 * 1024).describe('bytes a slow reader may leave unread before it is ended'),
  HEARTBEAT_S: wholeSeconds(15).describe('seconds of silence after which a stream gets a heartbeat; 0: none'),
  GRPC_KEEPALIVE_S: wholeSeconds(30).describe('seconds between pings to a gRPC client, which is cut when it does not answer; 0: none'),
  GRPC_MAX_CONNECTION_IDLE_S: wholeSeconds(300).describe('seconds without a call after which a gRPC connection is told to go; 0: never'),
  GRPC_MAX_CONCURRENT_STREAMS: integer(1, 200).describe('calls that may be open on one gRPC connection; a client makes the others wait'),
  GRPC_MAX_CONNECTION_AGE_S: wholeSeconds(3_600).describe(
    'seconds after which a gRPC connection is told to go, give or take 10 %; 0: never',
  ),
  GRPC_MAX_CONNECTION_AGE_GRACE_S: wholeSeconds(300).describe('seconds that streams of a gRPC connection may then go on'),
  REPLAY_EVENTS: integer(0, 512).describe('durable events kept per session for resuming readers'),
  REPLAY_BYTES: integer(0, 512 * 1024).describe('bytes of durable events kept per session for resuming readers'),
  RESUME_BYTES: integer(0, 16 * 1024 * 1024).describe(
    "most that is read of OpenCode's history at once for readers that come back from before that",
  ),
  ...a2aSettings,
} satisfies Record<string, z.ZodType>;

/** Settings that mean something only together: what is there of the first needs all of the second. */
const TOGETHER = [
  [
    ['TLS_CERT_FILE', 'TLS_KEY_FILE'],
    ['TLS_CERT_FILE', 'TLS_KEY_FILE'],
  ],
  [
    ['TLS_CLIENT_CA_FILE', 'ACCESS_CERTIFICATES_FILE'],
    ['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_CLIENT_CA_FILE', 'ACCESS_CERTIFICATES_FILE'],
  ],
  [
    ['ACCESS_JWT_ISSUER', 'ACCESS_JWT_AUDIENCE', 'ACCESS_JWT_JWKS_URL', 'ACCESS_JWT_SCOPES_MAP'],
    ['ACCESS_JWT_ISSUER', 'ACCESS_JWT_AUDIENCE', 'ACCESS_JWT_JWKS_URL'],
  ],
] as const;

const schema = z.object(settings).superRefine((value, context) => {
  if (!value.TRANSPORTS.some((transport) => transport !== 'a2a')) {
    context.addIssue({ code: 'custom', path: ['TRANSPORTS'], message: 'a2a has no door of its own; add http or grpc' });
  }
  if (value.OPENCODE_MODEL_ID !== undefined && value.OPENCODE_PROVIDER_ID === undefined) {
    context.addIssue({ code: 'custom', path: ['OPENCODE_PROVIDER_ID'], message: 'must be set when OPENCODE_MODEL_ID is' });
  }
  for (const [group, needed] of TOGETHER) {
    const given = group.find((name) => value[name] !== undefined);
    for (const name of given === undefined ? [] : needed) {
      if (value[name] === undefined) context.addIssue({ code: 'custom', path: [name], message: `must be set when ${given} is` });
    }
  }
  // Either alone would do nothing, and somebody would rely on it.
  if (value.ASK_DEFAULT === 'wait' && value.ASK_TIMEOUT_S !== undefined) {
    context.addIssue({ code: 'custom', path: ['ASK_DEFAULT'], message: 'must be reject or once when ASK_TIMEOUT_S is set' });
  }
  if (value.ASK_DEFAULT !== 'wait' && value.ASK_TIMEOUT_S === undefined) {
    context.addIssue({ code: 'custom', path: ['ASK_TIMEOUT_S'], message: `must be set when ASK_DEFAULT is ${value.ASK_DEFAULT}` });
  }
});

export type Config = z.infer<typeof schema>;

/** The settings, injectable. */
export const CONFIG = Symbol('CONFIG');

/** A setting is wrong or something it names is missing. The message is one line for the operator. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** @throws StartError naming every variable that is wrong. A blank value counts as unset, except for secrets. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const secrets = new Set(['ACCESS_TOKEN', 'A2A_BEARER_TOKEN']);
  const given = Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => name in settings && (value?.trim() !== '' || secrets.has(name))),
  );
  const result = schema.safeParse(withSynonyms(given));
  const problems = [
    ...contradictions(given),
    ...(result.success ? [] : result.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`)),
  ];
  if (result.success && problems.length === 0) return result.data;
  throw new StartError(problems.join('; '));
}

/** Whether a workspace may configure the embedded OpenCode: where callers are the machine's own user, as that user's tools would. */
export function trustsWorkspaceConfig({ OPENCODE_TRUST_WORKSPACE_CONFIG, HOST }: Config): boolean {
  return OPENCODE_TRUST_WORKSPACE_CONFIG ?? isLoopback(HOST);
}

/** With any of these callers have something to show. */
const CREDENTIALS = ['ACCESS_TOKEN', 'A2A_BEARER_TOKEN', 'ACCESS_TOKENS_FILE', 'ACCESS_JWT_ISSUER', 'ACCESS_CERTIFICATES_FILE'] as const;

/**
 * Whether callers without a token are let in: only on loopback, or when the operator says so.
 *
 * @throws StartError when the gateway would be open to a network by accident.
 */
export function allowsAnonymous(config: Config): boolean {
  if (CREDENTIALS.some((setting) => config[setting] !== undefined)) return false;
  if (isLoopback(config.HOST) || config.ACCESS_ANONYMOUS) return true;
  throw new StartError(
    `HOST: ${config.HOST} is not loopback and no ACCESS_TOKEN is set; set ACCESS_TOKEN, or ACCESS_ANONYMOUS=true to let everybody in`,
  );
}
