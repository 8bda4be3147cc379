import type { AgentCard } from '@a2a-js/sdk';

/** What the agent says of itself. */
export interface AgentCards {
  /** To everybody. */
  publicCard(): AgentCard;
  /** To who may call. */
  extendedCard(): AgentCard;
}

/** Injection token of AgentCards. */
export const AGENT_CARDS = Symbol('AGENT_CARDS');
