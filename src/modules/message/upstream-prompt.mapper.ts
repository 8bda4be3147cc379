import { partIdOf } from '../../common/opencode/opencode.ids.js';
import type { UpstreamFilePartInput, UpstreamPrompt } from '../../common/opencode/opencode.prompt.types.js';
import type { ModelRef } from '../session/session.model.js';
import type { FileAttachment, PromptExtras, PromptInput } from './prompt.model.js';

/** How a prompt is to be answered. */
export interface PromptSettings {
  readonly agent: string | undefined;
  readonly model: ModelRef | undefined;
  readonly system: string | undefined;
  readonly variant: string | undefined;
  readonly extras: PromptExtras | undefined;
}

/** Ids of our own for message and parts: a repeated send then joins its run instead of doubling the text. */
export function toUpstreamPrompt(messageId: string, parts: readonly PromptInput[], settings: PromptSettings): UpstreamPrompt {
  const { agent, model, system, variant, extras } = settings;
  return {
    messageID: messageId,
    parts: parts.map((part, index) => ({ id: partIdOf(messageId, index), ...toUpstreamPart(part) })),
    ...(agent !== undefined && { agent }),
    ...(model !== undefined && { model: toUpstreamModel(model) }),
    ...(variant !== undefined && { variant }),
    ...(system !== undefined && { system }),
    ...extras,
  };
}

export function toUpstreamFile({ type, mime, url, filename }: FileAttachment): UpstreamFilePartInput {
  return { type, mime, url, ...(filename !== undefined && { filename }) };
}

function toUpstreamPart(part: PromptInput) {
  switch (part.type) {
    case 'text':
    case 'agent':
      return part;
    case 'file':
      return toUpstreamFile(part);
    case 'subtask': {
      const { model, command, ...rest } = part;
      return { ...rest, ...(model !== undefined && { model: toUpstreamModel(model) }), ...(command !== undefined && { command }) };
    }
  }
}

function toUpstreamModel({ providerId, modelId }: ModelRef) {
  return { providerID: providerId, modelID: modelId };
}
