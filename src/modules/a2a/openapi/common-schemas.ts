import type { JsonObject } from '@bufbuild/protobuf';
import { ANY_OBJECT, FLAG, listOf, object, oneFieldOf, TEXT } from './schema-words.js';

export const OUTPUT_MODES: JsonObject = {
  ...listOf(TEXT),
  description: 'Must leave room for `text/plain`. With `application/json` JSON files that the agent writes come as data.',
};

/** The messages that look the same in both versions. @param one - refers to another message of the same version */
export function commonSchemas(one: (name: string) => JsonObject) {
  return {
    SendMessageRequest: object({ 'message!': one('Message'), configuration: one('SendMessageConfiguration'), metadata: ANY_OBJECT }),
    Task: object({
      'id!': TEXT,
      contextId: TEXT,
      'status!': one('TaskStatus'),
      artifacts: listOf(one('Artifact')),
      history: listOf(one('Message')),
      metadata: ANY_OBJECT,
    }),
    TaskArtifactUpdateEvent: object({
      'taskId!': TEXT,
      contextId: TEXT,
      'artifact!': one('Artifact'),
      append: FLAG,
      lastChunk: FLAG,
      metadata: ANY_OBJECT,
    }),
    SendMessageResponse: oneFieldOf({ task: one('Task'), message: one('Message') }),
    StreamResponse: oneFieldOf({
      task: one('Task'),
      message: one('Message'),
      statusUpdate: one('TaskStatusUpdateEvent'),
      artifactUpdate: one('TaskArtifactUpdateEvent'),
    }),
    AgentCard: { type: 'object', description: 'Who the agent is and how it is called.' },
  } satisfies Record<string, JsonObject>;
}
