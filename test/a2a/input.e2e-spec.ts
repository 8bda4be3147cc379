import { legacySend, current, currentSend, rpc, rpcStream, wordsOf, type LegacyItem } from '../support/a2a-wire.js';
import { collect } from '../support/conversation.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TEXT_FILE = { name: 'notes.txt', mimeType: 'text/plain', bytes: Buffer.from('what stands in the file').toString('base64') };
const answering = script([{ t: 'text', value: 'seen' }]);

describe('what messages hold', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway();
  });

  afterAll(() => test.stop());

  const send = (text: string, message: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) =>
    rpc<LegacyItem>(test.httpUrl, 'message/send', legacySend(text, message, rest));

  /** What the model was asked last. */
  const prompt = (): string => test.model.requests.filter(({ forTitle }) => !forTitle).at(-1)?.promptText ?? '';

  it('T53 refuses a directory outside the workspace, and begins nothing', async () => {
    const before = test.model.requests.length;

    const answers = await Promise.all(
      ['..', '/', 'none'].map((directory) => send(answering, {}, { metadata: { opencode: { directory } } })),
    );

    for (const { error } of answers) expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('directory') as string });
    expect(test.model.requests.length).toBe(before);
  });

  it('T56 hands text and a file to the agent', async () => {
    const parts = [
      { kind: 'text', text: answering },
      { kind: 'file', file: TEXT_FILE },
    ];

    const { result } = await send('', { parts });

    expect(result?.artifacts?.[0]?.parts[0]?.text).toBe('seen');
    expect(prompt()).toContain('what stands in the file');
  });

  it('T57 takes a file alone', async () => {
    const { result } = await send('', { parts: [{ kind: 'file', file: TEXT_FILE }] });

    expect(result?.status.state).toBe('completed');
    expect(prompt()).toContain('what stands in the file');
  });

  it('takes a file by its URL', async () => {
    const file = { name: 'notes.txt', mimeType: 'text/plain', uri: `data:text/plain;base64,${TEXT_FILE.bytes}` };

    const { result } = await send('', {
      parts: [
        { kind: 'text', text: answering },
        { kind: 'file', file },
      ],
    });

    expect(result?.status.state).toBe('completed');
    expect(prompt()).toContain('what stands in the file');
  });

  it('T58 refuses data, instead of a task that fails', async () => {
    const parts = [
      { kind: 'text', text: answering },
      { kind: 'data', data: { a: 1 } },
    ];

    expect((await send('', { parts })).error).toMatchObject({ code: -32005, message: expect.stringContaining('data parts') as string });
    const { error } = await rpc(test.httpUrl, 'SendMessage', currentSend('', { parts: [{ data: { a: 1 } }] }), current());
    expect(error).toMatchObject({ code: -32005 });
  });

  it('T59 takes files in streams', async () => {
    const parts = [
      { kind: 'text', text: answering },
      { kind: 'file', file: TEXT_FILE },
    ];

    const items = await collect(rpcStream<LegacyItem>(test.httpUrl, 'message/stream', legacySend('', { parts })));

    expect(wordsOf(items, 'text')).toBe('seen');
    expect(prompt()).toContain('what stands in the file');
  });

  it.each([
    ['no parts', { parts: [] }, 'message.parts'],
    ['no id', { messageId: '' }, 'message.messageId'],
  ])('refuses a message with %s', async (_, message, field) => {
    expect((await send('a', message)).error).toMatchObject({ code: -32602, message: expect.stringContaining(field) as string });
  });
});
