import type { UpstreamPrompt } from '../../common/opencode/opencode.prompt.types.js';
import type { UpstreamPart } from '../../common/opencode/opencode.types.js';

/** OpenCode does not keep that nobody is to answer a message: its first text says so, or it would pass for a turn that never began. */
const NOTE = { 'gateway.note': true };

/** The same prompt as a message that nobody is to answer. */
export function toUpstreamNote(prompt: UpstreamPrompt): UpstreamPrompt {
  const first = prompt.parts.findIndex(({ type }) => type === 'text');
  const parts = prompt.parts.map((part, index) => (index === first && part.type === 'text' ? { ...part, metadata: NOTE } : part));
  return { ...prompt, parts, noReply: true };
}

export function isNote(parts: readonly UpstreamPart[]): boolean {
  return parts.some((part) => part.type === 'text' && 'metadata' in part && isMarked(part.metadata));
}

function isMarked(metadata: unknown): boolean {
  return typeof metadata === 'object' && metadata !== null && 'gateway.note' in metadata;
}
