import { AgentCard, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '@a2a-js/sdk';
import {
  AgentEvent,
  DefaultRequestHandler,
  InMemoryTaskStore,
  JsonRpcTransportHandler,
  ServerCallContext,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { sendStreamingMessage } from '../loads/a2a-tasks.load.js';
import { serve } from '../remote.js';
import { usageCommands } from '../usage.js';

/** The protocol library's own request handler with its own store, and an agent that says as many words as it is told: no socket, no OpenCode. */
export type SdkA2ACommands = typeof commands;

/** Says `SAY:n` words, each an event of its own. */
const agent: AgentExecutor = {
  async execute({ taskId, contextId, userMessage }: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const status = (state: string) => ({ state, timestamp: new Date().toISOString() });
    const [part] = userMessage.parts;
    const words = Number(/SAY:(\d+)/.exec(part?.content?.$case === 'text' ? part.content.value : '')?.[1]);
    bus.publish(AgentEvent.task(Task.fromJSON({ id: taskId, contextId, status: status('TASK_STATE_WORKING') })));
    for (let word = 0; word < words; word += 1) {
      const artifact = { artifactId: 'answer', parts: [{ text: `w${word} ` }] };
      bus.publish(AgentEvent.artifactUpdate(TaskArtifactUpdateEvent.fromJSON({ taskId, contextId, artifact, append: word > 0 })));
    }
    const completed = { taskId, contextId, status: status('TASK_STATE_COMPLETED') };
    bus.publish(AgentEvent.statusUpdate(TaskStatusUpdateEvent.fromJSON(completed)));
    bus.finished();
  },
  cancelTask: () => Promise.reject(new Error('nobody cancels')),
};

const card = AgentCard.fromJSON({
  name: 'words',
  capabilities: { streaming: true },
  supportedInterfaces: [{ url: 'http://127.0.0.1', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
});
const handler = new JsonRpcTransportHandler(new DefaultRequestHandler(card, new InMemoryTaskStore(), agent));

const commands = {
  ...usageCommands,

  /** Runs one task; gives the number of events, which were made into text as for a stream. */
  async run(words: number): Promise<number> {
    const answer = await handler.handle(sendStreamingMessage('1.0', words), new ServerCallContext({ requestedVersion: '1.0' }));
    if (!(Symbol.asyncIterator in answer)) throw new Error(JSON.stringify(answer));
    let events = 0;
    let last = '';
    for await (const event of answer) {
      last = `data: ${JSON.stringify(event)}\n\n`;
      events += 1;
    }
    if (!last.includes('TASK_STATE_COMPLETED')) throw new Error(`the last event was ${last}`);
    return events;
  },
};

serve(commands);
