import type {
  UpstreamMessageWithParts,
  UpstreamPermission,
  UpstreamSession,
  UpstreamStatus,
} from '../../src/common/opencode/opencode.types.js';

/** A durable event as OpenCode keeps it. */
export interface RecordedEvent {
  readonly id: string;
  readonly seq: number;
  readonly aggregate_id: string;
  readonly type: string;
  readonly data: {
    readonly sessionID: string;
    readonly part?: { readonly type: string; readonly synthetic?: boolean; readonly ignored?: boolean };
  };
}

/** Behind every event of a session: asks for none of them. */
const BEHIND_ALL = 1_000_000_000;

/** OpenCode's own records, read past the gateway and past all faults: the truth that everything else is compared with. */
export class Records {
  private readonly sessionIds = new Set<string>();

  constructor(private readonly url: () => string) {}

  /** OpenCode gives all events of sessions that it is not told of. */
  know(sessionId: string): void {
    this.sessionIds.add(sessionId);
  }

  async history(sessionId: string): Promise<RecordedEvent[]> {
    this.know(sessionId);
    const positions = Object.fromEntries([...this.sessionIds].map((id) => [id, id === sessionId ? 0 : BEHIND_ALL]));
    const events = (await this.call('POST', '/sync/history', positions)) as RecordedEvent[];
    return events.filter(({ aggregate_id }) => aggregate_id === sessionId);
  }

  /** Ids of its sub-agents' sessions. */
  async children(sessionId: string): Promise<string[]> {
    const children = (await this.call('GET', `/session/${sessionId}/children`)) as UpstreamSession[];
    return children.map(({ id }) => id);
  }

  /** Makes one more durable event, which shows whoever missed the last ones that they did. */
  async touch(sessionId: string): Promise<void> {
    await this.call('PATCH', `/session/${sessionId}`, { title: 'touched' });
  }

  async abort(sessionId: string): Promise<void> {
    await this.call('POST', `/session/${sessionId}/abort`);
  }

  /** So that a store of many runs stays as small as that of one: every reading of the history looks at all of it. */
  async remove(sessionId: string): Promise<void> {
    await this.call('DELETE', `/session/${sessionId}`);
    this.sessionIds.delete(sessionId);
  }

  async messages(sessionId: string): Promise<UpstreamMessageWithParts[]> {
    return (await this.call('GET', `/session/${sessionId}/message`)) as UpstreamMessageWithParts[];
  }

  async isBusy(sessionId: string): Promise<boolean> {
    return sessionId in ((await this.call('GET', '/session/status')) as Record<string, UpstreamStatus>);
  }

  async permissions(sessionId: string): Promise<UpstreamPermission[]> {
    return ((await this.call('GET', '/permission')) as UpstreamPermission[]).filter(({ sessionID }) => sessionID === sessionId);
  }

  private async call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url()}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
