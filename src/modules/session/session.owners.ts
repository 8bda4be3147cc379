import { Inject, Injectable } from '@nestjs/common';
import { ANONYMOUS, may, type Principal } from '../../common/access/principal.js';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromUpstreamSession } from './session.mapper.js';
import type { Session } from './session.model.js';

/** Some 200 bytes each; more sessions than any OpenCode was seen to bear. The ones told of longest ago are forgotten, and asked for again. */
const MAX_KNOWN = 100_000;

type Kin = Pick<Session, 'id' | 'parentId' | 'ownerId'>;

/** How somebody stands to a session: it is theirs to use, nobody's yet, or none of their business. */
export type Standing = 'own' | 'ownerless' | 'foreign';

/** What a session made by somebody says of its owner. What is made where nobody is asked who they are belongs to nobody. */
export function ownerIdFor(principal: Principal): string | undefined {
  return principal === ANONYMOUS ? undefined : principal.id;
}

/**
 * Whose sessions are. A session belongs to the owner of its root; the owner stands in OpenCode's metadata, where every
 * gateway in front of it finds it, and is remembered here, for it is asked for at every call and every event.
 */
@Injectable()
export class SessionOwners {
  private readonly known = new Map<string, Kin>();
  private readonly adopt: Config['ACCESS_ADOPT'];

  constructor(
    private readonly pool: OpencodePool,
    @Inject(CONFIG) config: Config,
  ) {
    this.adopt = config.ACCESS_ADOPT;
  }

  /** What was read or told of a session. */
  note({ id, parentId, ownerId }: Kin): void {
    this.known.delete(id);
    this.known.set(id, { id, parentId, ownerId });
    const [oldest] = this.known.keys();
    if (oldest !== undefined && this.known.size > MAX_KNOWN) this.known.delete(oldest);
  }

  /** Whether somebody may hear of a session. Of one that nobody told us of only who may do everything. */
  shows(principal: Principal, sessionId: string): boolean {
    if (may(principal, 'admin')) return true;
    const root = this.rootOf(sessionId);
    if (root === undefined) return false;
    return root.ownerId === principal.id || (root.ownerId === undefined && this.adopt !== 'none');
  }

  /** @throws GatewayError NOT_FOUND when there is no such session */
  async standingOf(principal: Principal, sessionId: string): Promise<{ readonly standing: Standing; readonly rootId: string }> {
    const { id: rootId, ownerId } = await this.findRoot(sessionId);
    if (may(principal, 'admin') || ownerId === principal.id) return { standing: 'own', rootId };
    if (ownerId !== undefined || this.adopt === 'none') return { standing: 'foreign', rootId };
    return { standing: this.adopt === 'all' ? 'own' : 'ownerless', rootId };
  }

  private rootOf(sessionId: string): Kin | undefined {
    let kin = this.known.get(sessionId);
    while (kin?.parentId !== undefined) kin = this.known.get(kin.parentId);
    return kin;
  }

  private async findRoot(sessionId: string): Promise<Kin> {
    let kin = await this.find(sessionId);
    while (kin.parentId !== undefined) kin = await this.find(kin.parentId);
    return kin;
  }

  private async find(sessionId: string): Promise<Kin> {
    const known = this.known.get(sessionId);
    if (known !== undefined) return known;
    const { client, workspace } = this.pool.forSession(sessionId);
    const session = fromUpstreamSession(await client.session(sessionId));
    if (!workspace.contains(session.directory)) throw GatewayError.notFound('session', sessionId);
    this.note(session);
    return session;
  }
}
