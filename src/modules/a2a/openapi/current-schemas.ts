import type { JsonObject } from '@bufbuild/protobuf';
import { commonSchemas, OUTPUT_MODES } from './common-schemas.js';
import { ANY_OBJECT, BYTES, FLAG, listOf, NUMBER, object, oneFieldOf, oneWord, ref, TEXT, TIME } from './schema-words.js';

/** The package of A2A 1.0. */
const PACKAGE = 'lf.a2a.v1';
const one = (name: string): JsonObject => ref(`${PACKAGE}.${name}`);

const STATES = ['SUBMITTED', 'WORKING', 'COMPLETED', 'FAILED', 'CANCELED', 'INPUT_REQUIRED', 'REJECTED', 'AUTH_REQUIRED'];

export const TASK_STATE: JsonObject = oneWord(...STATES.map((state) => `TASK_STATE_${state}`));

const ERROR = object(
  {
    'error!': object({
      'code!': { ...NUMBER, description: 'The HTTP status.' },
      'status!': TEXT,
      'message!': TEXT,
      'details!': { ...listOf(ANY_OBJECT), description: 'Holds a google.rpc.ErrorInfo whose `reason` is for programs.' },
    }),
  },
  'Why a call was refused or failed.',
);

/** The messages of A2A 1.0 as ProtoJSON has them. */
export const CURRENT_SCHEMAS: Readonly<Record<string, JsonObject>> = Object.fromEntries(
  Object.entries({
    ...commonSchemas(one),
    Part: oneFieldOf({ text: TEXT, raw: BYTES, url: TEXT, data: {} }, { metadata: ANY_OBJECT, filename: TEXT, mediaType: TEXT }),
    Message: object({
      'messageId!': TEXT,
      contextId: TEXT,
      taskId: TEXT,
      'role!': oneWord('ROLE_USER', 'ROLE_AGENT'),
      'parts!': listOf(one('Part')),
      metadata: ANY_OBJECT,
      extensions: listOf(TEXT),
      referenceTaskIds: listOf(TEXT),
    }),
    TaskPushNotificationConfig: object({
      id: TEXT,
      taskId: TEXT,
      'url!': { type: 'string', format: 'uri' },
      token: TEXT,
      authentication: object({ 'scheme!': TEXT, credentials: TEXT }),
    }),
    ListTaskPushNotificationConfigsResponse: object({ configs: listOf(one('TaskPushNotificationConfig')), nextPageToken: TEXT }),
    SendMessageConfiguration: object({
      acceptedOutputModes: OUTPUT_MODES,
      taskPushNotificationConfig: one('TaskPushNotificationConfig'),
      historyLength: NUMBER,
      returnImmediately: { ...FLAG, description: 'Answer before the task is done.' },
    }),
    Artifact: object({
      'artifactId!': TEXT,
      name: TEXT,
      description: TEXT,
      'parts!': listOf(one('Part')),
      metadata: ANY_OBJECT,
      extensions: listOf(TEXT),
    }),
    TaskStatus: object({ 'state!': TASK_STATE, message: one('Message'), timestamp: TIME }),
    ListTasksResponse: object({ tasks: listOf(one('Task')), nextPageToken: TEXT, pageSize: NUMBER, totalSize: NUMBER }),
    TaskStatusUpdateEvent: object({ 'taskId!': TEXT, contextId: TEXT, 'status!': one('TaskStatus'), metadata: ANY_OBJECT }),
    Error: ERROR,
  }).map(([name, schema]) => [`${PACKAGE}.${name}`, schema]),
);
