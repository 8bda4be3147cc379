import type { Attributes } from '../../common/tracing/tracer.js';
import type { MessageInfo, ToolPart } from './message.model.js';
import type { TurnIdentity } from './turn.js';

/** Names are OpenTelemetry's for generative AI where it has one. */

export function toTurnAttributes({ id, sessionId, kind }: TurnIdentity): Attributes {
  return {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.conversation.id': sessionId,
    'session.id': sessionId,
    'opencode.turn.id': id,
    'opencode.turn.kind': kind,
  };
}

/** Of all steps of a turn, those of sub-agents too: what they took; and the model of its own. */
export function toUsageAttributes(answers: readonly MessageInfo[]): Attributes {
  // The first is never a sub-agent's.
  const last = answers.findLast(({ sessionId }) => sessionId === answers[0]?.sessionId);
  if (last === undefined) return {};
  const sum = (read: (info: MessageInfo) => number | undefined): number => answers.reduce((total, info) => total + (read(info) ?? 0), 0);
  return {
    'gen_ai.provider.name': last.model?.providerId,
    'gen_ai.response.model': last.model?.modelId,
    'gen_ai.agent.name': last.agent,
    'gen_ai.usage.input_tokens': sum(({ tokens }) => tokens?.input),
    'gen_ai.usage.output_tokens': sum(({ tokens }) => tokens?.output),
    'opencode.turn.cost_usd': sum(({ cost }) => cost),
  };
}

/** Never what it was called with, and never its title, which says that. */
export function toToolAttributes({ tool, callId, sessionId }: ToolPart): Attributes {
  return { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool, 'gen_ai.tool.call.id': callId, 'session.id': sessionId };
}

export interface AskFacts {
  readonly id: string;
  readonly kind: 'permission' | 'question';
  /** What leave is asked for: bash, edit, … */
  readonly type: string | undefined;
  readonly sessionId: string;
}

/** Until somebody here says that they answer, it is somebody elsewhere who does. */
export function toAskAttributes({ id, kind, type, sessionId }: AskFacts): Attributes {
  return {
    'opencode.ask.id': id,
    'opencode.ask.kind': kind,
    'opencode.ask.permission': type,
    'opencode.ask.answered_by': 'elsewhere',
    'session.id': sessionId,
  };
}
