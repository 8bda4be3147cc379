import { ANONYMOUS, type Principal } from '../../src/common/access/principal.js';
import type { Scope } from '../../src/common/access/scopes.js';
import type { Gateway } from '../../src/app.js';
import type { A2ACall, A2AVersion } from '../../src/modules/a2a/a2a.call.js';
import { ExtensionDispatcher, type JsonRpcResponse } from '../../src/modules/a2a/methods/extension.dispatcher.js';

/** A task, a message or whatever a method lists: the fields that tests look into by name. */
export interface Item {
  readonly id: string;
  readonly messageId: string;
  readonly role: string;
  readonly parts: readonly { readonly text: string }[];
  readonly session_id: string;
  readonly request_id: string;
  readonly waiting_for?: string;
}

export interface Answer {
  readonly items: readonly Item[];
  readonly item: Item;
  readonly next_cursor?: string;
}

export interface Failure {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly supported_methods?: readonly string[] };
}

export function principal(id: string, ...scopes: Scope[]): Principal {
  return { id, scopes: new Set(scopes), expiresAtMs: undefined };
}

/** Somebody who calls extension methods, behind the doors. */
export class ExtensionCaller {
  constructor(
    private readonly gateway: Pick<Gateway, 'app'>,
    private readonly version: A2AVersion = '0.3',
    private readonly who: Principal = ANONYMOUS,
  ) {}

  /** What came of it. @throws Error with the failure where that was the answer */
  async call(method: string, params: unknown = {}): Promise<Answer> {
    const response = await this.send(method, params);
    if (response !== undefined && 'result' in response) return response.result as Answer;
    throw new Error(`${method} failed: ${JSON.stringify(response)}`);
  }

  /** How it failed. @throws Error where it did not */
  async failure(method: string, params: unknown = {}): Promise<Failure> {
    const response = await this.send(method, params);
    if (response !== undefined && 'error' in response) return response.error as Failure;
    throw new Error(`${method} did not fail: ${JSON.stringify(response)}`);
  }

  /** Without an id: nobody is answered. */
  notify(method: string, params: unknown = {}): Promise<JsonRpcResponse | undefined> {
    return this.dispatcher.handle({ method, params }, this.toCall());
  }

  private send(method: string, params: unknown): Promise<JsonRpcResponse | undefined> {
    return this.dispatcher.handle({ method, params, id: 1 }, this.toCall());
  }

  private get dispatcher(): ExtensionDispatcher {
    return this.gateway.app.get(ExtensionDispatcher);
  }

  private toCall(): A2ACall {
    return {
      caller: { principal: this.who, scope: 'read', requestId: 'test' },
      version: this.version,
      extensions: new Set(),
      signal: new AbortController().signal,
      lastEventId: undefined,
      progress: { position: undefined },
      untilReady: () => undefined,
    };
  }
}
