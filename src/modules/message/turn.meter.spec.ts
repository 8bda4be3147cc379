import type { EventBody, GatewayEvent } from '../event/event.model.js';
import type { MessageInfo, Part } from './message.model.js';
import { TurnMeter } from './turn.meter.js';

const turn = { id: 'msg_turn', sessionId: 'ses_root' };

function event(body: EventBody): GatewayEvent {
  return { directory: '/', sessionId: '', eventId: '', sequence: 1, ...body };
}

function message(id: string, info: Partial<MessageInfo>): GatewayEvent {
  return event({ type: 'message_updated', message: { id, sessionId: turn.sessionId, role: 'assistant', ...info } as MessageInfo });
}

const begin = message(turn.id, { role: 'user', createdAtMs: 100 });
const part = (messageId: string, type: string): GatewayEvent => event({ type: 'part_updated', part: { messageId, type } as Part });

function meter() {
  const answers: string[] = [];
  const outputs: number[] = [];
  const listener = { onAnswer: ({ id }: MessageInfo) => void answers.push(id), onFirstOutput: (ms: number) => void outputs.push(ms) };
  return { answers, outputs, meter: new TurnMeter(turn, 1_000, listener) };
}

describe('TurnMeter', () => {
  it('tells of each answer once, when it is complete, however often it is told', () => {
    const { answers, meter: watched } = meter();
    const done = message('msg_a', { createdAtMs: 101, completedAtMs: 110 });

    for (const each of [begin, message('msg_a', { createdAtMs: 101 }), done, done, begin, done]) watched.observe(each, 2_000);

    expect(answers).toEqual(['msg_a']);
  });

  it('tells of answers of sub-agents, and of none that is older than the turn', () => {
    const { answers, meter: watched } = meter();

    watched.observe(begin, 2_000);
    watched.observe(message('msg_sub', { sessionId: 'ses_child', createdAtMs: 105, completedAtMs: 110 }), 2_000);
    watched.observe(message('msg_old', { createdAtMs: 99, completedAtMs: 110 }), 2_000);

    expect(answers).toEqual(['msg_sub']);
  });

  it.each(['text', 'reasoning', 'tool'])('tells once when the answer begins with %s', (type) => {
    const { outputs, meter: watched } = meter();
    watched.observe(begin, 1_001);
    watched.observe(part(turn.id, 'text'), 1_002);
    watched.observe(message('msg_a', { createdAtMs: 101 }), 1_003);

    watched.observe(part('msg_a', 'file'), 1_004);
    watched.observe(part('msg_a', type), 1_500);
    watched.observe(part('msg_a', type), 1_600);

    expect(outputs).toEqual([500]);
  });
});
