/** Somebody who can answer a prompt: a model with instructions and permissions, neither of which callers see. */
export interface Agent {
  readonly name: string;
  readonly description: string | undefined;
  /** `primary`, `subagent` or `all`. */
  readonly mode: string;
  /** OpenCode brought it; it was not configured. */
  readonly isBuiltIn: boolean;
  /** Works behind the scenes (titles, summaries); not for callers. */
  readonly isHidden: boolean;
  /** `#rrggbb`, or a name of a theme. */
  readonly color: string | undefined;
}
