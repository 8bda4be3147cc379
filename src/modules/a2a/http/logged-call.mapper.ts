import { UnreadableBody, type AgentRouteOptions, type LoggedAgentCall } from '../../../common/http/agent-route.js';

/** The methods whose bodies the log may show: those that work with tasks. What is read back, extensions, answers to agents are not. */
const SHOWN: ReadonlySet<unknown> = new Set([
  ...['message/send', 'message/stream', 'tasks/cancel'],
  ...['SendMessage', 'SendStreamingMessage', 'CancelTask'],
]);

/** Under which a message brings along the address, token and credentials of a receiver. */
const PUSH = /^(task)?_?push_?notification/i;

/** How calls of a REST route are logged. */
export function loggedAs(method: string): AgentRouteOptions {
  return { toLogged: (body) => toCall(`a2a/${method}`, body) };
}

/** A JSON-RPC request as it is logged; what it asks for stands in it. */
export function toLoggedRpc(body: unknown): LoggedAgentCall | undefined {
  if (body instanceof UnreadableBody) return toCall('a2a', body);
  const method = typeof body === 'object' && body !== null && 'method' in body ? body.method : undefined;
  return SHOWN.has(method) ? toCall(`a2a/${String(method)}`, body) : undefined;
}

function toCall(name: string, body: unknown): LoggedAgentCall {
  return { name, toText: () => JSON.stringify(body ?? {}, (key, value: unknown) => (PUSH.test(key) ? '…' : value)) };
}
