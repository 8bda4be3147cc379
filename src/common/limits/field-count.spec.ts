import { create, toBinary } from '@bufbuild/protobuf';
import { SendMessageRequestSchema } from '../grpc/generated/message_pb.js';
import { requireFewFields, requireFewValues } from './field-count.js';

const TOO_LARGE = expect.objectContaining({ code: 'RESOURCE_EXHAUSTED', reason: 'REQUEST_TOO_LARGE' }) as Error;

/** So many empty parts, as bytes: a tag and no length. */
function emptyParts(count: number): Uint8Array {
  const tag = (SendMessageRequestSchema.field.parts.number << 3) | 2;
  return new Uint8Array(count * 2).map((_, index) => (index % 2 === 0 ? tag : 0));
}

describe('the number of fields', () => {
  it('is bounded in messages', () => {
    expect(() => requireFewFields(SendMessageRequestSchema, emptyParts(10_001))).toThrow(TOO_LARGE);
    expect(() => requireFewFields(SendMessageRequestSchema, emptyParts(10_000))).not.toThrow();
  });

  it('is bounded in messages within messages', () => {
    const { model } = SendMessageRequestSchema.field;
    const unknown = new Uint8Array(30_000).map((_, index) => (index % 2 === 0 ? (15 << 3) | 0 : 1));
    const length = [(unknown.length & 0x7f) | 0x80, ((unknown.length >> 7) & 0x7f) | 0x80, unknown.length >> 14];

    expect(() => requireFewFields(SendMessageRequestSchema, Uint8Array.from([(model.number << 3) | 2, ...length, ...unknown]))).toThrow(
      TOO_LARGE,
    );
  });

  it('has nothing to do with the length of texts', () => {
    const content = { case: 'text' as const, value: { text: '{[,'.repeat(50_000) } };
    const request = create(SendMessageRequestSchema, { parts: [{ content }] });

    expect(() => requireFewFields(SendMessageRequestSchema, toBinary(SendMessageRequestSchema, request))).not.toThrow();
    expect(() => requireFewValues(JSON.stringify({ parts: [{ text: { text: '{[,\\",'.repeat(50_000) } }] }))).not.toThrow();
  });

  it('is bounded in JSON', () => {
    expect(() => requireFewValues(`{"parts":[${'{},'.repeat(10_000)}{}]}`)).toThrow(TOO_LARGE);
    expect(() => requireFewValues(`[${'"a,\\"b",'.repeat(9_000)}1]`)).not.toThrow();
  });
});
