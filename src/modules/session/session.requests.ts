import { createHash } from 'node:crypto';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { OpencodeMember } from '../../common/opencode/opencode.pool.js';
import { KeyedLock } from '../../common/streams/keyed-lock.js';
import { fromUpstreamSession, toRequestMark } from './session.mapper.js';
import type { NewSession, RequestMark, Session } from './session.model.js';

const MAX_AGE_MS = 24 * 60 * 60_000;
/** Sessions among which a request's own is looked for: those that were used last. */
const LOOK_BACK = 500;

interface Marked {
  readonly session: Session;
  readonly mark: RequestMark;
}

/**
 * Makes the session of a request once.
 *
 * Its mark is kept in the session itself, where every gateway in front of the same OpenCode finds it.
 */
export class SessionRequests {
  private readonly lock = new KeyedLock();

  /** @throws GatewayError INVALID_ARGUMENT when the request id was used with another body */
  async createOnce(
    member: OpencodeMember,
    wanted: NewSession,
    ownerId: string | undefined,
    create: (mark: RequestMark) => Promise<Session>,
  ): Promise<Session> {
    const { requestId = '', ...body } = wanted;
    // Two callers may have the same idea of an id.
    const mark = { key: hash(ownerId === undefined ? requestId : `${ownerId}\n${requestId}`), body: hash(JSON.stringify(body)) };
    return this.lock.run(mark.key, async () => {
      const known = await findFirst(member, mark);
      if (known !== undefined) return known;
      const made = await create(mark);
      // Another gateway may have made one at the same time: both see both then, and agree on the first.
      const first = (await findFirst(member, mark)) ?? made;
      if (first.id !== made.id) await member.client.deleteSession(made.id);
      return first;
    });
  }
}

async function findFirst({ client, workspace }: OpencodeMember, { key, body }: RequestMark): Promise<Session | undefined> {
  const youngestMs = Date.now() - MAX_AGE_MS;
  const [first] = (await client.sessions(LOOK_BACK))
    .filter(({ directory }) => workspace.contains(directory))
    .map((session) => ({ session: fromUpstreamSession(session), mark: toRequestMark(session.metadata) }))
    .filter((each): each is Marked => each.mark?.key === key && each.session.createdAtMs > youngestMs)
    .sort((a, b) => a.session.createdAtMs - b.session.createdAtMs || (a.session.id < b.session.id ? -1 : 1));
  if (first !== undefined && first.mark.body !== body) throw GatewayError.invalid('request_id', 'was used before with another request');
  return first?.session;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
