import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Principal } from './principal.js';
import type { Scope } from './scopes.js';

/** Who makes a call, and which. */
export interface Caller {
  readonly principal: Principal;
  /** What it was let in for. */
  readonly scope: Scope;
  /** For logs: the caller's own (`x-request-id`), or one of ours. */
  readonly requestId: string;
}

const CALLER = Symbol('caller');
const NOTES = Symbol('notes');

interface Noted {
  /** Shared by whoever is the caller with another scope. */
  [NOTES]?: { sessionId?: string };
}

/** Notes which session a call turned out to be about; of several, the first. For logs and traces. */
export function noteSession(caller: Caller, sessionId: string): void {
  const notes = (caller as Noted)[NOTES];
  if (notes !== undefined) notes.sessionId ??= sessionId;
}

/** Undefined for a call that is about none, or was over before that was known. */
export function sessionOf(caller: Caller): string | undefined {
  return (caller as Noted)[NOTES]?.sessionId;
}

/** Notes on what comes with a call who makes it: the HTTP request, or the gRPC call's metadata. */
export function setCaller(holder: object, caller: Caller): void {
  (holder as { [CALLER]?: Caller })[CALLER] = caller;
  (caller as Noted)[NOTES] ??= {};
}

/** Undefined before the caller was let in, and where nobody is asked. */
export function callerOf(holder: object): Caller | undefined {
  return (holder as { [CALLER]?: Caller })[CALLER];
}

/** Who makes a call that a handler answers. @throws Error for a method that everybody may call: nobody is asked there */
export function callerIn(context: ExecutionContext): Caller {
  const holder: object = context.getType() === 'http' ? context.switchToHttp().getRequest() : context.switchToRpc().getContext();
  const caller = callerOf(holder);
  if (caller === undefined) throw new Error('nobody was asked who calls');
  return caller;
}

/** The caller, as a handler's parameter, on both doors. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext) => callerIn(context));
