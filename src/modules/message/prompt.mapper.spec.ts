import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { SendMessageRequestSchema } from '../../common/grpc/generated/message_pb.js';
import { fromSendMessageRequest } from './prompt.mapper.js';
import type { Prompt } from './prompt.model.js';

function read(init: MessageInitShape<typeof SendMessageRequestSchema>): Prompt {
  return fromSendMessageRequest(create(SendMessageRequestSchema, { sessionId: 'ses_1', ...init }));
}

describe('fromSendMessageRequest', () => {
  it('reads text and files in order', () => {
    const { parts } = read({
      parts: [
        { content: { case: 'text', value: { text: 'Hi' } } },
        { content: { case: 'file', value: { mime: 'text/plain', url: 'data:x', filename: 'a.txt' } } },
      ],
    });

    expect(parts).toEqual([
      { type: 'text', text: 'Hi' },
      { type: 'file', mime: 'text/plain', url: 'data:x', filename: 'a.txt' },
    ]);
  });

  it('names a part that holds nothing', () => {
    expect(() => read({ parts: [{ content: { case: 'text', value: { text: 'Hi' } } }, {}] })).toThrow('parts[1]: must be text or file');
  });

  it('reads provider and model', () => {
    expect(read({ model: { provider: { id: 'openrouter' }, modelId: 'meta/llama-3' } }).model).toEqual({
      providerId: 'openrouter',
      modelId: 'meta/llama-3',
    });
  });

  it('reads a model that names its provider', () => {
    expect(read({ model: { modelId: 'openrouter/meta/llama-3' } }).model).toEqual({ providerId: 'openrouter', modelId: 'meta/llama-3' });
  });

  it.each([[{}], [{ modelId: 'llama' }], [{ provider: { id: 'openrouter' } }], [{ modelId: 'openrouter/' }], [{ modelId: '/llama' }]])(
    'refuses half a model: %j',
    (model) => {
      expect(() => read({ model })).toThrow('model: must name provider.id and model_id');
    },
  );

  it('keeps apart what is absent and what is empty', () => {
    expect(read({})).toMatchObject({ model: undefined, agent: undefined, system: undefined, requestId: '' });
    expect(read({ agent: '', system: '' })).toMatchObject({ agent: '', system: '' });
  });
});
