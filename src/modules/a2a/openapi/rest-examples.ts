import type { JsonObject } from '@bufbuild/protobuf';
import type { A2AVersion } from '../a2a.call.js';

/** By name, as OpenAPI has examples. */
export type Examples = Readonly<Record<string, { readonly summary: string; readonly value: JsonObject }>>;

interface Prompt {
  readonly summary: string;
  readonly text: string;
  readonly file?: true;
  readonly metadata?: JsonObject;
}

const PROMPTS: Readonly<Record<string, Prompt>> = {
  basic_message: { summary: 'Send a message', text: 'Explain what this repository does.' },
  message_with_file_input: {
    summary: 'Send a text and a file',
    text: 'Review the attached file and summarize the main risks.',
    file: true,
  },
  continue_session: {
    summary: 'Continue a session of OpenCode',
    text: 'Continue previous work and summarize next steps.',
    metadata: { shared: { session: { id: 'ses_1' } } },
  },
  message_with_model_override: {
    summary: 'Choose the model of this message',
    text: 'Answer with the faster model.',
    metadata: { shared: { model: { providerID: 'google', modelID: 'gemini-2.5-flash' } } },
  },
};

const URL = 'https://files.example/report.pdf';

/** A file as a part of a message. */
const FILE: Readonly<Record<A2AVersion, JsonObject>> = {
  '0.3': { file: { name: 'report.pdf', mimeType: 'application/pdf', fileWithUri: URL } },
  '1.0': { url: URL, filename: 'report.pdf', mediaType: 'application/pdf' },
};

const PARTS_FIELD: Readonly<Record<A2AVersion, string>> = { '0.3': 'content', '1.0': 'parts' };

/** Bodies to send a message with, over HTTP+JSON. */
export function restExamples(version: A2AVersion): Examples {
  return Object.fromEntries(
    Object.entries(PROMPTS).map(([name, prompt]) => {
      const parts: JsonObject[] = [{ text: prompt.text }, ...(prompt.file ? [FILE[version]] : [])];
      const message = { messageId: `example-${name}`, role: 'ROLE_USER', [PARTS_FIELD[version]]: parts };
      return [name, { summary: prompt.summary, value: { message, ...(prompt.metadata && { metadata: prompt.metadata }) } }];
    }),
  );
}

/** Addresses to tell of a task. */
export function pushExamples(version: A2AVersion): Examples {
  const config = { url: 'https://hooks.example/a2a', token: 'a-token-of-yours' };
  return {
    push_config: { summary: 'Be told at an address', value: version === '1.0' ? config : { pushNotificationConfig: config } },
  };
}
