import type { ToolPart } from '../../message/message.model.js';

type ToolData = Readonly<Record<string, unknown>>;

function common({ tool, title, input, output, error }: ToolPart): ToolData {
  return {
    tool,
    ...(title !== undefined && { title }),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
  };
}

/** In the words of opencode-a2a-server. */
export function toLegacyToolData(part: ToolPart): ToolData {
  const status = part.status === 'success' ? 'completed' : part.status === 'cancelled' ? 'error' : part.status;
  return { call_id: part.callId, status, ...common(part) };
}

/** Names as ProtoJSON writes them. */
export function toToolData(part: ToolPart): ToolData {
  return { callId: part.callId, status: part.status, ...common(part) };
}
