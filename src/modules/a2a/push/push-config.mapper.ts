import { GatewayError, type FieldViolation } from '../../../common/errors/gateway-error.js';
import type { PushConfig } from '../task.store.js';

const MAX_URL_LENGTH = 2_048;
const MAX_ID_LENGTH = 256;
const MAX_SECRET_LENGTH = 4_096;

/** What a caller asks for. `authentication` of 0.3 is its first scheme. */
export interface PushConfigRequest {
  readonly taskId: string;
  /** Undefined or empty: one is made. */
  readonly id: string | undefined;
  readonly url: string;
  readonly token: string | undefined;
  readonly authentication: { readonly scheme: string; readonly credentials: string } | undefined;
  readonly version: PushConfig['version'];
  readonly ownerId: string;
}

/** @throws GatewayError INVALID_ARGUMENT that names every field that is wrong, and repeats none of them */
export function toPushConfig(asked: PushConfigRequest, newId: string): PushConfig {
  const violations = [...violationsOf(asked)];
  if (violations.length > 0) throw GatewayError.invalidFields(violations);
  const { taskId, url, authentication, version, ownerId } = asked;
  return { taskId, id: asked.id || newId, url, token: asked.token ?? '', authentication, version, ownerId };
}

/** Secrets go in and never out: whoever reads a configuration later, or somebody's log of it, needs to know only that it is there. */
export function withoutSecrets(config: PushConfig): PushConfig {
  const { authentication } = config;
  return { ...config, token: '', authentication: authentication && { scheme: authentication.scheme, credentials: '' } };
}

export function isSamePushConfig(left: PushConfig, right: PushConfig): boolean {
  const textOf = ({ id, url, token, authentication, version, ownerId }: PushConfig): string =>
    JSON.stringify([id, url, token, authentication?.scheme, authentication?.credentials, version, ownerId]);
  return textOf(left) === textOf(right);
}

function* violationsOf({ id, url, token, authentication }: PushConfigRequest): Iterable<FieldViolation> {
  if (id !== undefined && (id.length > MAX_ID_LENGTH || /\p{Cc}/u.test(id))) {
    yield { field: 'id', description: `must have at most ${MAX_ID_LENGTH} characters, and no control characters` };
  }
  const wrong = whatIsWrongWith(url);
  if (wrong !== undefined) yield { field: 'url', description: wrong };
  if (!isHeaderValue(token ?? '')) yield { field: 'token', description: HEADER_VALUE };
  if (authentication === undefined) return;
  if (!/^[\w!#$%&'*+.^`|~-]{1,64}$/.test(authentication.scheme)) {
    yield { field: 'authentication.scheme', description: 'must be the name of an HTTP authentication scheme, such as Bearer' };
  }
  if (!isHeaderValue(authentication.credentials)) yield { field: 'authentication.credentials', description: HEADER_VALUE };
}

function whatIsWrongWith(url: string): string | undefined {
  if (url.length > MAX_URL_LENGTH) return `must have at most ${MAX_URL_LENGTH} characters`;
  if (!URL.canParse(url)) return 'must be an absolute URL';
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return 'must be an https or http URL';
  return username === '' && password === '' ? undefined : 'must hold no user name or password; use authentication';
}

const HEADER_VALUE = `must have at most ${MAX_SECRET_LENGTH} characters, all of which a header may hold`;

function isHeaderValue(text: string): boolean {
  return text.length <= MAX_SECRET_LENGTH && /^[\x20-\x7e]*$/.test(text);
}
