import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { GatewayError, type GatewayErrorDetails } from '../errors/gateway-error.js';
import { toGrpcError } from '../errors/status.mapper.js';
import { BadRequestSchema, ErrorInfoSchema, HelpSchema, RetryInfoSchema } from './generated/google/rpc/error_details_pb.js';
import { StatusSchema } from './generated/google/rpc/status_pb.js';
import { fitsDetails, fitsMessage, shortenDetails, shortenMessage } from './status-bounds.js';

/** Of an error, as grpc-js sends them. */
function encodedDetails(message: string, details: GatewayErrorDetails): string {
  const [bytes] = toGrpcError(new GatewayError('INVALID_ARGUMENT', message, details)).metadata.get('grpc-status-details-bin');
  return (bytes as Buffer).toString('base64');
}

function decodeDetails(encoded: string | undefined) {
  const { code, message, details } = fromBinary(StatusSchema, Buffer.from(encoded ?? '', 'base64'));
  const unpack = <T>(read: (any: (typeof details)[number]) => T | undefined) => details.map(read).find((detail) => detail !== undefined);
  return {
    code,
    message,
    info: unpack((any) => anyUnpack(any, ErrorInfoSchema)),
    violations: unpack((any) => anyUnpack(any, BadRequestSchema))?.fieldViolations,
    retry: unpack((any) => anyUnpack(any, RetryInfoSchema)),
  };
}

describe('shortenMessage', () => {
  it.each([
    ['ASCII', 'a'.repeat(100_000)],
    ['two bytes', 'é'.repeat(50_000)],
    ['surrogate pairs', '🙂'.repeat(50_000)],
    ['what is escaped', '"% '.repeat(50_000)],
  ])('keeps whole characters of the beginning: %s', (_, text) => {
    const encoded = shortenMessage(encodeURI(text));

    const short = decodeURIComponent(encoded);
    expect(fitsMessage(encoded)).toBe(true);
    expect(short.endsWith('…')).toBe(true);
    expect(text.startsWith(short.slice(0, -1))).toBe(true);
    // With one more character it would not fit.
    const [next = ''] = text.slice(short.length - 1);
    expect(encoded.length + encodeURI(next).length).toBeGreaterThan(1_536);
  });

  it('takes text that is not encoded as it is', () => {
    expect(shortenMessage(`100%!${'x'.repeat(10_000)}`)).toMatch(/^100%25!xxx.*%E2%80%A6$/);
  });

  it('leaves a short one whole', () => {
    expect(shortenMessage(encodeURI('gone: "x"'))).toBe(encodeURI('gone: "x"'));
  });
});

describe('shortenDetails', () => {
  it('keeps code, reason and when to come back', () => {
    const encoded = shortenDetails(
      encodedDetails('m'.repeat(100_000), { reason: 'R', metadata: { id: 'i'.repeat(100_000) }, retryAfterMs: 1_000 }),
    );

    const { code, message, info, retry } = decodeDetails(encoded);
    expect(fitsDetails(encoded ?? '')).toBe(true);
    expect({ code, reason: info?.reason, retry: retry?.retryDelay?.seconds }).toEqual({ code: 3, reason: 'R', retry: 1n });
    expect(message).toMatch(/^m{1000,}…$/);
    expect(info?.metadata['id']).toMatch(/^i{200,}…$/);
  });

  it('keeps the first of many violations', () => {
    const violations = Array.from({ length: 20_000 }, (_, index) => ({ field: `parts[${index}]`, description: 'is wrong' }));
    const encoded = shortenDetails(encodedDetails('wrong', { violations }));

    const kept = decodeDetails(encoded).violations ?? [];
    expect(fitsDetails(encoded ?? '')).toBe(true);
    expect(kept.length).toBeGreaterThan(30);
    expect(kept.map(({ field, description }) => ({ field, description }))).toEqual(violations.slice(0, kept.length));
  });

  it('fits whatever all of it says at once', () => {
    const long = '🙂"é'.repeat(9_000);
    const violations = Array.from({ length: 9 }, () => ({ field: long, description: long }));
    const metadata = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`k${index}`, long]));
    const encoded = shortenDetails(encodedDetails(long, { violations, metadata, retryAfterMs: 1 }));

    const { message, violations: kept, info } = decodeDetails(encoded);
    expect(fitsDetails(encoded ?? '')).toBe(true);
    expect([message, kept?.[0]?.field, kept?.[0]?.description, info?.metadata['k0']].every((text) => text?.endsWith('…'))).toBe(true);
  });

  it('leaves out what it does not know, when that is long', () => {
    const help = anyPack(HelpSchema, create(HelpSchema, { links: [{ description: 'x'.repeat(10_000), url: 'https://example.com' }] }));
    const status = create(StatusSchema, { code: 5, message: 'gone', details: [help] });
    const encoded = shortenDetails(Buffer.from(toBinary(StatusSchema, status)).toString('base64'));

    expect(fromBinary(StatusSchema, Buffer.from(encoded ?? '', 'base64'))).toMatchObject({ code: 5, message: 'gone', details: [] });
  });

  it('keeps the first of many details', () => {
    const reasons = Array.from({ length: 100 }, (_, index) => `REASON_${index}`);
    const details = reasons.map((reason) => anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason })));
    const encoded = shortenDetails(Buffer.from(toBinary(StatusSchema, create(StatusSchema, { details }))).toString('base64')) ?? '';

    const kept = fromBinary(StatusSchema, Buffer.from(encoded, 'base64')).details.map(
      (detail) => anyUnpack(detail, ErrorInfoSchema)?.reason,
    );
    expect(fitsDetails(encoded)).toBe(true);
    expect(kept.length).toBeGreaterThan(10);
    expect(kept).toEqual(reasons.slice(0, kept.length));
  });

  it('gives nothing where it is no status', () => {
    expect(shortenDetails('/'.repeat(10_000))).toBeUndefined();
  });
});
