import { TaskState } from '@a2a-js/sdk';

/*
 * The library does not count `auth-required` among the ends when it converts to version 0.3. Here it is one: the provider refused the
 * gateway's credentials, and no caller can hand in others.
 */

/** An answer of JSON-RPC with the end marked as such. */
export function withFinalResult(answer: object): object {
  const { result } = answer as { readonly result?: { readonly kind?: string; readonly status?: { readonly state?: string } } };
  if (result?.kind !== 'status-update' || result.status?.state !== 'auth-required') return answer;
  return { ...answer, result: { ...result, final: true } };
}

/** A message of gRPC with the end marked as such. */
export function withFinalUpdate(message: object): object {
  const { payload } = message as {
    readonly payload?: { readonly $case: string; readonly value: { readonly status?: { readonly state: TaskState } } };
  };
  if (payload?.$case !== 'statusUpdate' || payload.value.status?.state !== TaskState.TASK_STATE_AUTH_REQUIRED) return message;
  return { ...message, payload: { ...payload, value: { ...payload.value, final: true } } };
}
