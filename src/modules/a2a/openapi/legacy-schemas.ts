import type { JsonObject } from '@bufbuild/protobuf';
import { commonSchemas, OUTPUT_MODES } from './common-schemas.js';
import { ANY_OBJECT, BYTES, FLAG, listOf, NUMBER, object, oneFieldOf, oneWord, ref, TEXT, TIME } from './schema-words.js';

/** The package of A2A 0.3. */
const PACKAGE = 'a2a.v1';
const one = (name: string): JsonObject => ref(`${PACKAGE}.${name}`);

const STATES = ['SUBMITTED', 'WORKING', 'COMPLETED', 'FAILED', 'CANCELLED', 'INPUT_REQUIRED', 'REJECTED', 'AUTH_REQUIRED'];

/** The messages of A2A 0.3 as its HTTP+JSON binding has them; over JSON-RPC they look otherwise. */
export const LEGACY_SCHEMAS: Readonly<Record<string, JsonObject>> = Object.fromEntries(
  Object.entries({
    ...commonSchemas(one),
    FilePart: oneFieldOf({ fileWithUri: TEXT, fileWithBytes: BYTES }, { mimeType: TEXT, name: TEXT }),
    Part: oneFieldOf({ text: TEXT, file: one('FilePart'), data: object({ data: ANY_OBJECT }) }, { metadata: ANY_OBJECT }),
    Message: object({
      'messageId!': TEXT,
      contextId: TEXT,
      taskId: TEXT,
      'role!': oneWord('ROLE_USER', 'ROLE_AGENT'),
      'content!': listOf(one('Part')),
      metadata: ANY_OBJECT,
      extensions: listOf(TEXT),
    }),
    PushNotificationConfig: object({
      id: TEXT,
      'url!': { type: 'string', format: 'uri' },
      token: TEXT,
      authentication: object({ schemes: listOf(TEXT), credentials: TEXT }),
    }),
    TaskPushNotificationConfig: object({ name: TEXT, 'pushNotificationConfig!': one('PushNotificationConfig') }),
    ListTaskPushNotificationConfigResponse: object({ configs: listOf(one('TaskPushNotificationConfig')), nextPageToken: TEXT }),
    SendMessageConfiguration: object({
      acceptedOutputModes: OUTPUT_MODES,
      pushNotification: one('PushNotificationConfig'),
      historyLength: NUMBER,
      blocking: { ...FLAG, description: 'Answer once the task is done.' },
    }),
    Artifact: object({ 'artifactId!': TEXT, name: TEXT, description: TEXT, 'parts!': listOf(one('Part')), metadata: ANY_OBJECT }),
    TaskStatus: object({ 'state!': oneWord(...STATES.map((state) => `TASK_STATE_${state}`)), message: one('Message'), timestamp: TIME }),
    TaskStatusUpdateEvent: object({ 'taskId!': TEXT, contextId: TEXT, 'status!': one('TaskStatus'), final: FLAG, metadata: ANY_OBJECT }),
    Error: object({ 'code!': NUMBER, 'message!': TEXT, data: {} }, 'Why a call was refused or failed; the numbers are those of JSON-RPC.'),
  }).map(([name, schema]) => [`${PACKAGE}.${name}`, schema]),
);
