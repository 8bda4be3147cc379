import { GatewayError } from '../../common/errors/gateway-error.js';
import type { Message } from '@bufbuild/protobuf';
import { parseRange, type ByteRange } from '../../common/http/byte-range.js';
import { RawReply } from '../../common/http/raw-reply.js';
import type { RawRequest } from '../../common/http/raw-request.js';
import { RestReply } from '../../common/http/rest-reply.js';
import { etagMismatch } from './file-errors.js';
import { namesEtag } from './file-info.js';
import type { FileInfo, OpenFile } from './file.model.js';

/** `filename*` as RFC 8187 encodes it. */
function encodeName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return encodeURIComponent(name).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Files are anybody's work: a browser saves them, and runs none of them as a page of this origin. */
function headersOf(info: FileInfo): Record<string, string> {
  return {
    'accept-ranges': 'bytes',
    etag: `"${info.etag}"`,
    'cache-control': 'private, no-cache',
    vary: 'accept, origin, range',
    'content-type': info.mimeType,
    'content-disposition': `attachment; filename*=UTF-8''${encodeName(info.path)}`,
    'content-security-policy': 'sandbox',
    ...(info.modifiedAtMs !== undefined && { 'last-modified': new Date(info.modifiedAtMs).toUTCString() }),
  };
}

function wantedRange({ range, ifRange }: RawRequest, { etag, sizeBytes }: FileInfo): ByteRange | 'unsatisfiable' | undefined {
  return ifRange === undefined || ifRange === `"${etag}"` ? parseRange(range, sizeBytes) : undefined;
}

/** An answer about a file that was written, with its validator for the next write. */
export function withEtag(message: Message, { etag }: FileInfo): RestReply {
  return new RestReply(message, { headers: { etag: `"${etag}"` } });
}

/**
 * A file as HTTP has it: conditions first, then the range. The file is closed when the answer ends.
 *
 * @throws GatewayError FAILED_PRECONDITION for If-Match
 */
export async function toRawReply(file: OpenFile, wanted: RawRequest): Promise<RawReply> {
  const { info } = file;
  const reply = describe(info, wanted);
  if (reply instanceof GatewayError || wanted.isHead || reply.length === 0) await file.close();
  if (reply instanceof GatewayError) throw reply;
  const { status, headers, offset, length } = reply;
  return new RawReply(status, headers, wanted.isHead || length === 0 ? undefined : file.stream(offset, length));
}

interface Description extends ByteRange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

function describe(info: FileInfo, wanted: RawRequest): Description | GatewayError {
  const headers = headersOf(info);
  const all = { offset: 0, length: info.sizeBytes };
  const nothing = { offset: 0, length: 0 };
  if (wanted.ifMatch !== '' && !namesEtag(wanted.ifMatch, info.etag)) return etagMismatch(info.path);
  if (wanted.ifNoneMatch !== '' && namesEtag(wanted.ifNoneMatch.replaceAll('W/', ''), info.etag))
    return { status: 304, headers, ...nothing };
  const range = wantedRange(wanted, info);
  if (range === undefined) return { status: 200, headers: { ...headers, 'content-length': String(info.sizeBytes) }, ...all };
  if (range === 'unsatisfiable') return { status: 416, headers: { ...headers, 'content-range': `bytes */${info.sizeBytes}` }, ...nothing };
  const contentRange = `bytes ${range.offset}-${range.offset + range.length - 1}/${info.sizeBytes}`;
  return { status: 206, headers: { ...headers, 'content-length': String(range.length), 'content-range': contentRange }, ...range };
}
