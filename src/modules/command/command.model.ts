/** A prompt with a name and arguments. */
export interface Command {
  readonly name: string;
  readonly description: string;
  /** `command`, `mcp` or `skill`. */
  readonly source: string;
  readonly agent: string | undefined;
  /** `provider/model` */
  readonly model: string | undefined;
  /** Placeholders of its arguments. */
  readonly hints: readonly string[];
}
