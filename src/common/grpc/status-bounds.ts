import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { AnySchema, anyPack, anyUnpack, type Any } from '@bufbuild/protobuf/wkt';
import {
  BadRequest_FieldViolationSchema,
  BadRequestSchema,
  ErrorInfoSchema,
  type BadRequest,
  type ErrorInfo,
} from './generated/google/rpc/error_details_pb.js';
import { StatusSchema } from './generated/google/rpc/status_pb.js';

/**
 * How much a status says in its headers. It may repeat what the caller sent: gRPC's C core (Python, C++, Ruby) begins to refuse headers
 * that have more than 8 KiB together, as it documents, and nghttp2 (Node) takes one of more than 64 KiB for damage of the connection,
 * with which every other call on it ends (measured: ADR 46).
 */
const MAX_ENCODED_MESSAGE = 1_536;
const MAX_ENCODED_DETAILS = 5_120;

/** Bytes of what is kept of details that are too long; in base64 they are a third more. */
const MAX_TEXT = 256;
const MAX_MESSAGE = 1_024;
const MAX_FACTS = 512;
const MAX_VIOLATIONS = 1_536;
const MAX_OTHER = 256;
const MAX_DETAILS = 2_560;
/** What an entry of a list or a map takes beside its contents, at most. */
const ENTRY = 8;

const ELLIPSIS = '…';

/** @param encoded - `grpc-message`, percent-encoded */
export function fitsMessage(encoded: string): boolean {
  return encoded.length <= MAX_ENCODED_MESSAGE;
}

/** @param encoded - `grpc-status-details-bin`, in base64 */
export function fitsDetails(encoded: string): boolean {
  return encoded.length <= MAX_ENCODED_DETAILS;
}

/** Its beginning, percent-encoded. */
export function shortenMessage(encoded: string): string {
  return encodeURI(shorten(decode(encoded), MAX_ENCODED_MESSAGE, (text) => encodeURI(text).length));
}

/** The same status in short: its code, its reason, and the first of what is wrong. Undefined where it is no status. */
export function shortenDetails(encoded: string): string | undefined {
  try {
    const { code, message, details } = fromBinary(StatusSchema, Buffer.from(encoded, 'base64'));
    const kept = takeBytes(details.flatMap(shortenDetail), MAX_DETAILS, (detail) => toBinary(AnySchema, detail).length);
    const short = create(StatusSchema, { code, message: shortenText(message, MAX_MESSAGE), details: kept });
    return Buffer.from(toBinary(StatusSchema, short)).toString('base64');
  } catch {
    return undefined;
  }
}

function shortenDetail(detail: Any): Any[] {
  const info = anyUnpack(detail, ErrorInfoSchema);
  if (info !== undefined) return [anyPack(ErrorInfoSchema, shortenInfo(info))];
  const request = anyUnpack(detail, BadRequestSchema);
  if (request !== undefined) return [anyPack(BadRequestSchema, shortenRequest(request))];
  return detail.value.length <= MAX_OTHER ? [detail] : [];
}

function shortenInfo({ reason, domain, metadata }: ErrorInfo): ErrorInfo {
  const facts = Object.entries(metadata).map(([key, value]) => [key, shortenText(value)] as const);
  const kept = takeBytes(facts, MAX_FACTS, ([key, value]) => Buffer.byteLength(key + value) + ENTRY);
  return create(ErrorInfoSchema, { reason, domain, metadata: Object.fromEntries(kept) });
}

function shortenRequest({ fieldViolations }: BadRequest): BadRequest {
  const short = fieldViolations.map(({ field, description }) =>
    create(BadRequest_FieldViolationSchema, { field: shortenText(field), description: shortenText(description) }),
  );
  const kept = takeBytes(short, MAX_VIOLATIONS, (violation) => toBinary(BadRequest_FieldViolationSchema, violation).length + ENTRY);
  return create(BadRequestSchema, { fieldViolations: kept });
}

/** The first of them, which need no more than `max` bytes together. */
function takeBytes<T>(items: readonly T[], max: number, bytesOf: (item: T) => number): T[] {
  let bytes = 0;
  const end = items.findIndex((item) => (bytes += bytesOf(item)) > max);
  return items.slice(0, end === -1 ? items.length : end);
}

function shortenText(text: string, max = MAX_TEXT): string {
  return shorten(text, max, (part) => Buffer.byteLength(part));
}

/** Whole characters, as many as fit with the mark that something is missing. */
function shorten(text: string, max: number, sizeOf: (text: string) => number): string {
  if (sizeOf(text) <= max) return text;
  let left = max - sizeOf(ELLIPSIS);
  let length = 0;
  for (const character of text) {
    left -= sizeOf(character);
    if (left < 0) break;
    length += character.length;
  }
  return text.slice(0, length) + ELLIPSIS;
}

/** grpc-js sends some of its own words as they are. */
function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
