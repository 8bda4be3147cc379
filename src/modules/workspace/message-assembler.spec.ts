import { readTranscript, transcriptNames } from '../../../test/fixtures/transcripts/transcripts.js';
import { messageInfo } from '../../../test/fixtures/message-info.js';
import { fromUpstreamFrame } from '../event/event.mapper.js';
import type { EventBody, GatewayEvent } from '../event/event.model.js';
import type { Message, MessageInfo, Part } from '../message/message.model.js';
import { MessageAssembler } from './message-assembler.js';
import type { MessageChange } from './workspace.model.js';

const INFO = messageInfo();

function text(id: string, value: string): Part {
  return { type: 'text', id, messageId: 'msg_1', sessionId: 'ses_1', text: value, ended: false };
}

function event(body: EventBody): GatewayEvent {
  return { directory: '/w', sessionId: 'ses_1', eventId: '', sequence: undefined, ...body };
}

function withHistory(...parts: readonly Part[]): MessageAssembler {
  const assembler = new MessageAssembler();
  assembler.catchUp([{ info: INFO, parts }]);
  return assembler;
}

function isMessage(change: MessageChange | undefined): change is Extract<MessageChange, { message: Message }> {
  return change !== undefined && change.type !== 'deleted';
}

describe('MessageAssembler', () => {
  it('tells of a message it did not know that it was created', () => {
    const assembler = new MessageAssembler();

    expect(assembler.apply(event({ type: 'message_updated', message: INFO }))).toEqual({
      type: 'created',
      message: { info: INFO, parts: [] },
    });
  });

  it('tells of a message of the history that it was updated, with the parts it had', () => {
    const assembler = withHistory(text('prt_1', 'Hi'));
    const done = { ...INFO, completedAtMs: 2 };

    expect(assembler.apply(event({ type: 'message_updated', message: done }))).toEqual({
      type: 'updated',
      message: { info: done, parts: [text('prt_1', 'Hi')] },
    });
  });

  it('puts a growing part in the place it had', () => {
    const assembler = withHistory(text('prt_1', 'H'), text('prt_2', 'x'));

    const change = assembler.apply(event({ type: 'part_updated', part: text('prt_1', 'Hi') }));

    expect(isMessage(change) && change.message.parts).toEqual([text('prt_1', 'Hi'), text('prt_2', 'x')]);
  });

  it('takes a removed part out', () => {
    const assembler = withHistory(text('prt_1', 'H'), text('prt_2', 'x'));

    const change = assembler.apply(event({ type: 'part_removed', messageId: 'msg_1', partId: 'prt_1' }));

    expect(isMessage(change) && change.message.parts).toEqual([text('prt_2', 'x')]);
  });

  it('tells of a deleted message once', () => {
    const assembler = withHistory();

    const changes = [1, 2].map(() => assembler.apply(event({ type: 'message_removed', messageId: 'msg_1' })));

    expect(changes).toEqual([{ type: 'deleted', messageId: 'msg_1' }, undefined]);
  });

  it('tells nothing of parts whose message it does not know', () => {
    expect(new MessageAssembler().apply(event({ type: 'part_updated', part: text('prt_1', 'Hi') }))).toBeUndefined();
  });

  it('tells nothing of what changes no message', () => {
    expect(withHistory().apply(event({ type: 'session_status', status: { type: 'busy' } }))).toBeUndefined();
  });

  it('does not change a message it told before', () => {
    const assembler = withHistory(text('prt_1', 'H'));
    const before = assembler.apply(event({ type: 'message_updated', message: INFO }));

    assembler.apply(event({ type: 'part_updated', part: text('prt_1', 'Hi') }));

    expect(isMessage(before) && before.message.parts).toEqual([text('prt_1', 'H')]);
  });

  it.each(transcriptNames)('puts together from %s what the final events say', (transcript) => {
    const assembler = new MessageAssembler();
    const told = new Map<string, Message>();
    const infos = new Map<string, MessageInfo>();
    const parts = new Map<string, Part>();

    for (const frame of readTranscript(transcript)) {
      const content = fromUpstreamFrame(frame, 0);
      if (content === undefined || content.type === 'text_growth' || content.type === 'unseen') continue;
      if (content.type === 'message_updated') infos.set(content.message.id, content.message);
      if (content.type === 'part_updated') parts.set(content.part.id, content.part);
      const change = assembler.apply(content);
      if (isMessage(change)) told.set(change.message.info.id, change.message);
    }

    const expected = [...infos].map(([id, info]) => ({ info, parts: [...parts.values()].filter(({ messageId }) => messageId === id) }));
    expect([...told.values()]).toEqual(expected);
  });
});
