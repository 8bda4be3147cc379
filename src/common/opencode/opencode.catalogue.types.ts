/** What an OpenCode server has on offer, on the wire: agents, commands, providers, models; and credentials. */

/** Its `prompt` is the agent's whole instruction: never let it out. */
export interface UpstreamAgent {
  readonly name: string;
  readonly description?: string;
  readonly mode: string;
  readonly native?: boolean;
  readonly hidden?: boolean;
  readonly color?: string;
}

export interface UpstreamCommand {
  readonly name: string;
  readonly description?: string;
  readonly source?: string;
  readonly agent?: string;
  readonly model?: string;
  readonly hints?: readonly string[];
}

interface UpstreamMedia {
  readonly text?: boolean;
  readonly audio?: boolean;
  readonly image?: boolean;
  readonly video?: boolean;
  readonly pdf?: boolean;
}

/** USD per million tokens. */
export interface UpstreamPrice {
  readonly input?: number;
  readonly output?: number;
  readonly cache?: { readonly read?: number; readonly write?: number };
}

/** Its `headers` and `options` may hold secrets: never let them out. */
export interface UpstreamModel {
  readonly id: string;
  readonly providerID: string;
  readonly name?: string;
  readonly family?: string;
  readonly release_date?: string;
  readonly api?: { readonly id?: string; readonly url?: string; readonly npm?: string };
  readonly capabilities?: {
    readonly temperature?: boolean;
    readonly reasoning?: boolean;
    readonly attachment?: boolean;
    readonly toolcall?: boolean;
    readonly input?: UpstreamMedia;
    readonly output?: UpstreamMedia;
    /** False, true, or where the reasoning stands. */
    readonly interleaved?: unknown;
  };
  readonly cost?: UpstreamPrice & {
    readonly experimentalOver200K?: UpstreamPrice;
    readonly tiers?: readonly (UpstreamPrice & { readonly tier?: { readonly size?: number } })[];
  };
  readonly limit?: { readonly context?: number; readonly input?: number; readonly output?: number };
  readonly status?: string;
  readonly variants?: Readonly<Record<string, unknown>>;
}

/** `key` and `options` hold secrets: never let them out. */
export interface UpstreamProvider {
  readonly id: string;
  readonly name?: string;
  readonly source?: string;
  readonly env?: readonly string[];
  readonly key?: string;
  readonly options?: { readonly apiKey?: unknown };
  readonly models: Readonly<Record<string, UpstreamModel>>;
}

export interface UpstreamProviders {
  readonly providers: readonly UpstreamProvider[];
  /** The first model of each provider; not the configured one. */
  readonly default?: Readonly<Record<string, string>>;
}

export type UpstreamCredential =
  | { readonly type: 'api'; readonly key: string; readonly metadata?: Readonly<Record<string, unknown>> }
  | {
      readonly type: 'oauth';
      readonly refresh: string;
      readonly access: string;
      /** Unix milliseconds. */
      readonly expires: number;
      readonly accountId?: string;
      readonly enterpriseUrl?: string;
    }
  | { readonly type: 'wellknown'; readonly key: string; readonly token: string };

/** A repository, or the place where what is in none is kept. */
export interface UpstreamProject {
  readonly id: string;
  readonly worktree: string;
  readonly vcs?: string;
  readonly name?: string;
  readonly time?: { readonly created?: number; readonly updated?: number };
}

/** A place where OpenCode works that it made itself. */
export interface UpstreamWorkspace {
  readonly id: string;
  readonly type: string;
  readonly name?: string | null;
  readonly branch?: string | null;
  readonly directory?: string | null;
}
