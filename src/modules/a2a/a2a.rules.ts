import type { A2AVersion } from './a2a.call.js';

/** What the operator allows callers of A2A. */
export interface A2ARules {
  readonly versions: readonly A2AVersion[];
  /** Callers may have others told of their tasks. */
  readonly pushes: boolean;
}

/** Injection token of A2ARules. */
export const A2A_RULES = Symbol('A2A_RULES');
