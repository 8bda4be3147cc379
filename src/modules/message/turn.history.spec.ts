import { messageInfo } from '../../../test/fixtures/message-info.js';
import type { Message, MessageInfo, MessagePurpose } from './message.model.js';
import { continuationIdsOf, findTurn, lastAnswerOf, lastTurn } from './turn.history.js';

function message(id: string, purpose: MessagePurpose | undefined, change: Partial<MessageInfo> = {}): Message {
  return { info: messageInfo({ id, role: purpose === undefined ? 'assistant' : 'user', ...change }), parts: [], purpose };
}

const asked = (id: string): Message => message(id, 'prompt');
const answer = (id: string): Message => message(id, undefined);
const summary = (id: string, change: Partial<MessageInfo> = {}): Message => message(id, undefined, { isSummary: true, ...change });
const failed = { failure: { name: 'UnknownError', message: '' } };

function idsOf(messages: readonly Message[] = []): string[] {
  return messages.map(({ info }) => info.id);
}

describe('findTurn', () => {
  it('gives what stands between a prompt and the next one', () => {
    const turn = findTurn([answer('0'), asked('1'), answer('2'), answer('3'), asked('4'), answer('5')], '1');

    expect(turn).toMatchObject({ own: { info: { id: '1' } }, kind: 'prompt', isLast: false });
    expect(idsOf(turn?.rest)).toEqual(['2', '3']);
  });

  it('knows the last turn', () => {
    expect(findTurn([asked('1'), answer('2'), asked('3')], '3')).toMatchObject({ isLast: true, rest: [] });
  });

  it('finds none whose message is not there', () => {
    expect(findTurn([answer('1'), asked('2')], '3')).toBeUndefined();
  });

  it('goes on over what OpenCode asks itself', () => {
    const history = [asked('1'), answer('2'), message('3', 'continuation'), summary('4'), message('5', 'continuation'), answer('6')];

    const turn = findTurn(history, '1');

    expect(idsOf(turn?.rest)).toEqual(['2', '3', '4', '5', '6']);
    expect(turn && continuationIdsOf(turn)).toEqual(['3', '5']);
  });

  it('goes on over the prompt that OpenCode puts again after a compaction', () => {
    const turn = findTurn([asked('1'), answer('2'), message('3', 'continuation'), summary('4'), asked('5'), answer('6'), asked('7')], '1');

    expect(idsOf(turn?.rest)).toEqual(['2', '3', '4', '5', '6']);
  });

  it('ends with a compaction that failed', () => {
    const turn = findTurn([asked('1'), answer('2'), message('3', 'continuation'), summary('4', failed), asked('5'), answer('6')], '1');

    expect(idsOf(turn?.rest)).toEqual(['2', '3', '4']);
  });

  it.each(['shell', 'summary'] as const)('takes a %s for a turn of its own', (purpose) => {
    const history = [asked('1'), answer('2'), message('3', purpose), answer('4')];

    expect(idsOf(findTurn(history, '1')?.rest)).toEqual(['2']);
    expect(findTurn(history, '3')).toMatchObject({ kind: purpose, isLast: true });
  });
});

describe('lastTurn', () => {
  it('is the newest that somebody began', () => {
    const turn = lastTurn([asked('1'), answer('2'), asked('3'), answer('4'), message('5', 'continuation'), answer('6')]);

    expect(turn?.own.info.id).toBe('3');
    expect(idsOf(turn?.rest)).toEqual(['4', '5', '6']);
  });

  it('is unknown where it began before the history', () => {
    expect(lastTurn([answer('1'), message('2', 'continuation'), answer('3')])).toBeUndefined();
  });
});

describe('lastAnswerOf', () => {
  it('passes a summary over', () => {
    expect(lastAnswerOf([answer('1'), summary('2')], 'prompt')?.info.id).toBe('1');
  });

  it('takes a summary that failed', () => {
    expect(lastAnswerOf([answer('1'), summary('2', failed)], 'prompt')?.info.id).toBe('2');
  });

  it('takes a summary where one was asked for', () => {
    expect(lastAnswerOf([summary('1')], 'summary')?.info.id).toBe('1');
  });
});
