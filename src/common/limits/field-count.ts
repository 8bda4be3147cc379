import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { GatewayError } from '../errors/gateway-error.js';

/** Far more than any sensible request has. */
const MAX_FIELDS = 10_000;
/** A field needs that much at least, so what is shorter than all of them is not looked at. */
const MIN_FIELD_BYTES = 2;
const QUOTE = 34;
const BACKSLASH = 92;
/** `,` `[` `{`: each begins a value, or the next one. */
const SEPARATORS: ReadonlySet<number> = new Set([44, 91, 123]);

/**
 * Refuses a message of ever so many fields before it is decoded: 5 MiB of empty parts are 2.6 million objects and seconds of a core,
 * in which nobody else is answered.
 *
 * @throws GatewayError RESOURCE_EXHAUSTED; Error when the bytes are no message
 */
export function requireFewFields(schema: DescMessage, bytes: Uint8Array): void {
  if (bytes.length > MAX_FIELDS * MIN_FIELD_BYTES) countFields(schema, new BinaryReader(bytes), bytes.length, 0);
}

function countFields(schema: DescMessage, reader: BinaryReader, end: number, before: number): number {
  const fields = new Map(schema.fields.map((field) => [field.number, field]));
  let count = before;
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    count += 1;
    if (count > MAX_FIELDS) throw tooMany();
    const message = messageIn(fields.get(number));
    if (message === undefined || wireType !== WireType.LengthDelimited) reader.skip(wireType, number);
    else count = countFields(message, reader, reader.uint32() + reader.pos, count);
  }
  return count;
}

function messageIn(field: DescField | undefined): DescMessage | undefined {
  return field?.fieldKind === 'message' || field?.fieldKind === 'list' ? field.message : undefined;
}

/** The same for JSON, by its commas and brackets outside of texts. @throws GatewayError RESOURCE_EXHAUSTED */
export function requireFewValues(json: string): void {
  if (json.length <= MAX_FIELDS * MIN_FIELD_BYTES) return;
  let count = 0;
  let isText = false;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) isText = !isText;
    else if (isText && code === BACKSLASH) at += 1;
    else if (!isText && SEPARATORS.has(code)) count += 1;
    if (count > MAX_FIELDS) throw tooMany();
  }
}

function tooMany(): GatewayError {
  return new GatewayError('RESOURCE_EXHAUSTED', `A request may have at most ${MAX_FIELDS} fields`, { reason: 'REQUEST_TOO_LARGE' });
}
