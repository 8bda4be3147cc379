import { METHOD_CONTRACTS } from '../../src/modules/a2a/contracts/methods.js';
import { asTask, connect, sending } from './a2a-client.js';
import { callRpc, SURFACE } from './a2a-surface.js';
import type { CompiledGateway } from './compiled-gateway.js';

export interface Crawling {
  readonly token: string;
  /** A prompt whose turn fails. */
  readonly failing: string;
  /** Plants a secret. */
  readonly secret: (place: string) => string;
}

/** How many different places a crawl looks at. */
export const A2A_PLACES = SURFACE.length + SURFACE.filter(({ isOfTask }) => isOfTask).length + 2 * METHOD_CONTRACTS.length;

/** Asks everything of A2A over every binding, of tasks that failed and of new ones, and gives what was answered where. */
export async function crawlA2A(gateway: CompiledGateway, { token, failing, secret }: Crawling): Promise<Map<string, string>> {
  const said = new Map<string, string>();
  const note = (place: string, words: string): void => void said.set(place, `${said.get(place) ?? ''}${words}`);
  for (const version of ['0.3', '1.0'] as const) {
    const client = await connect(gateway, 'JSONRPC', version, token);
    const { id: taskId } = asTask(await client.sendMessage(sending(failing)));
    // What is sent as a secret of the caller's is given back to nobody, either.
    const credentials = secret(`credentials of a webhook in ${version}`);
    const hook = { tenant: '', taskId, id: 'hook', url: 'http://127.0.0.1:9/hook', token: secret(`token of a webhook in ${version}`) };
    await client.createTaskPushNotificationConfig({ ...hook, authentication: { scheme: 'Bearer', credentials } });
    const subject = { taskId, configId: 'hook', url: hook.url, text: failing };
    const ordered = [...SURFACE].sort((left, right) => Number(/delete/i.test(left.name)) - Number(/delete/i.test(right.name)));
    for (const { name, isOfTask, call } of ordered) {
      note(`A2A ${name}`, (await call(gateway, token, subject)).words);
      if (isOfTask) note(`A2A ${name}, a new task`, (await call(gateway, token, { ...subject, taskId: '' })).words);
    }
    const [sessionId, messageId] = taskId.split('.');
    const params = { session_id: sessionId, message_id: messageId, request_id: 'per_none', limit: 100 };
    for (const { method } of METHOD_CONTRACTS)
      note(`A2A ${method} in ${version}`, (await callRpc(gateway, token, version, method, params)).words);
  }
  return said;
}
