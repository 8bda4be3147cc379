import { GatewayError } from '../../common/errors/gateway-error.js';
import type { FileAttachment, PromptInput } from './prompt.model.js';

const DATA_URL = /^data:([^;,]*)((?:;[^;,]*)*),(.*)$/s;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Types outside text/* whose content is text all the same. */
const TEXT_LIKE = /^(text\/.*|application\/(.*\+)?(json|xml|yaml|x-yaml|toml|javascript|typescript|sql|graphql|x-sh|x-ndjson|ld\+json))$/;
const ATTACHABLE = /^(image\/(png|jpeg|gif|webp)|application\/pdf)$/;

/** The type OpenCode can work with; anything else would fail the turn and every later turn of the session. */
function toAcceptedMime(mime: string, field: string): string {
  const essence = mime.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (TEXT_LIKE.test(essence)) return 'text/plain';
  if (ATTACHABLE.test(essence)) return essence;
  throw GatewayError.invalid(`${field}.mime`, `${JSON.stringify(mime)} is not supported; text, PNG, JPEG, GIF, WebP and PDF are`);
}

/** A `data:` URL re-written with the accepted type. Other schemes are refused: OpenCode would read any file of its host. */
function toDataUrl(url: string, mime: string, field: string): string {
  const [, , attributes = '', content = ''] = DATA_URL.exec(url) ?? [];
  if (!url.startsWith('data:')) throw GatewayError.invalid(`${field}.url`, 'must be a data: URL');
  if (!attributes.split(';').includes('base64')) throw GatewayError.invalid(`${field}.url`, 'must be a data: URL with base64 content');
  if (content === '' || content.length % 4 === 1 || !BASE64.test(content))
    throw GatewayError.invalid(`${field}.url`, 'has no valid base64 content');
  return `data:${mime};base64,${content}`;
}

/** @throws GatewayError INVALID_ARGUMENT naming what OpenCode cannot take of it, or must not be given */
export function toAcceptedFile(file: FileAttachment, index: number): FileAttachment {
  const field = `parts[${index}].file`;
  const mime = toAcceptedMime(file.mime, field);
  return { ...file, mime, url: toDataUrl(file.url, mime, field) };
}

export interface PromptBounds {
  readonly maxParts: number;
  /** Of all texts together, in UTF-8. */
  readonly maxTextBytes: number;
}

/** @throws GatewayError INVALID_ARGUMENT naming `parts`, or the one whose text is too much */
export function requireWithin(parts: readonly PromptInput[], { maxParts, maxTextBytes }: PromptBounds): void {
  if (parts.length > maxParts) throw GatewayError.invalid('parts', `has ${parts.length} parts; a prompt may have ${maxParts}`);
  let bytes = 0;
  for (const [index, part] of parts.entries()) {
    bytes += Buffer.byteLength(textOf(part));
    if (bytes > maxTextBytes) throw GatewayError.invalid(`parts[${index}].text`, `a prompt may have ${maxTextBytes} bytes of text`);
  }
}

function textOf(part: PromptInput): string {
  if (part.type === 'text') return part.text;
  return part.type === 'subtask' ? part.prompt : '';
}

/**
 * The parts of a prompt as OpenCode can take them.
 *
 * @throws GatewayError INVALID_ARGUMENT naming the part: an unsupported one would poison the session.
 */
export function toAcceptedParts(parts: readonly PromptInput[]): PromptInput[] {
  const accepted = parts.map((part, index) => (part.type === 'file' ? toAcceptedFile(part, index) : part));
  if (!accepted.some((part) => part.type !== 'text' || part.text.trim() !== ''))
    throw GatewayError.invalid('parts', 'must hold some text or a file');
  return accepted;
}

export function hasAttachment(parts: readonly PromptInput[]): boolean {
  return parts.some((part) => part.type === 'file' && part.mime !== 'text/plain');
}
