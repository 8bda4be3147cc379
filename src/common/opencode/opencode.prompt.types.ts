/** What an OpenCode server is told to do in a session, on the wire. */

export interface UpstreamPrompt {
  readonly messageID: string;
  readonly parts: readonly (
    | { readonly id: string; readonly type: 'text'; readonly text: string; readonly metadata?: Readonly<Record<string, unknown>> }
    | ({ readonly id: string } & UpstreamFilePartInput)
    | { readonly id: string; readonly type: 'agent'; readonly name: string }
    | {
        readonly id: string;
        readonly type: 'subtask';
        readonly prompt: string;
        readonly description: string;
        readonly agent: string;
        readonly model?: { readonly providerID: string; readonly modelID: string };
        readonly command?: string;
      }
  )[];
  readonly agent?: string;
  readonly model?: { readonly providerID: string; readonly modelID: string };
  readonly variant?: string;
  readonly system?: string;
  readonly tools?: Readonly<Record<string, boolean>>;
  /** It is stored, and nobody answers. */
  readonly noReply?: boolean;
}

export interface UpstreamFilePartInput {
  readonly type: 'file';
  readonly mime: string;
  readonly filename?: string;
  readonly url: string;
}

export interface UpstreamCommandCall {
  readonly messageID: string;
  readonly command: string;
  readonly arguments: string;
  readonly agent?: string;
  /** `provider/model` */
  readonly model?: string;
  readonly variant?: string;
  readonly parts?: readonly UpstreamFilePartInput[];
}

export interface UpstreamShellCall {
  readonly messageID: string;
  readonly agent: string;
  readonly command: string;
  readonly model?: { readonly providerID: string; readonly modelID: string };
}
