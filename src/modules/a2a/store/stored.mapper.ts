import { z } from 'zod';
import type { TerminalState } from '../a2a.model.js';
import type { PushConfig, TaskNotes } from '../task.store.js';

const notes = z.object({ contextId: z.string(), outputModes: z.array(z.string()) });

/** Fields stand in one order, so that equal configurations are equal texts. */
const pushConfig = z.object({
  taskId: z.string(),
  id: z.string(),
  url: z.string(),
  token: z.string(),
  authentication: z.object({ scheme: z.string(), credentials: z.string() }).optional(),
  version: z.enum(['0.3', '1.0']),
  ownerId: z.string(),
});

const terminalState = z.enum(['completed', 'failed', 'canceled', 'rejected']);

/** What is kept, as text; and back. Reading throws when another release wrote something else. */
export function toStoredNotes(value: TaskNotes): string {
  return JSON.stringify(notes.parse(value));
}

export function fromStoredNotes(text: string): TaskNotes {
  return notes.parse(JSON.parse(text));
}

export function toStoredPushConfig(value: PushConfig): string {
  return JSON.stringify(pushConfig.parse(value));
}

export function fromStoredPushConfig(text: string): PushConfig {
  const { authentication, ...rest } = pushConfig.parse(JSON.parse(text));
  return { ...rest, authentication };
}

export function fromStoredState(text: string): TerminalState {
  return terminalState.parse(text);
}
