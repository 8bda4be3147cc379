import { GatewayError } from '../errors/gateway-error.js';
import { fromUnknown } from '../errors/status-table.js';
import { Refusals } from '../logging/refusals.js';
import type { Caller } from './caller.js';
import { may, type ClientCertificate, type Principal } from './principal.js';
import type { Principals } from './principals.js';
import type { Requirement } from './scopes.js';
import type { FailedAccess } from '../limits/failed-access.js';
import { RATE_LIMITED, type PrincipalRate } from '../limits/principal-rate.js';

/** What somebody shows at a door. */
export interface Credentials {
  /** The header or metadata of that name. */
  readonly authorization: string | undefined;
  /** One that holds; any other is as good as none. */
  readonly certificate?: ClientCertificate | undefined;
  /** The address they come from. */
  readonly peer: string;
  /** Of the call. */
  readonly requestId: string;
  /** What is called, for the log: the method or route as the contract names it. */
  readonly target: string;
}

export interface AdmissionLimits {
  readonly rate: PrincipalRate;
  readonly failures: FailedAccess;
}

/**
 * Lets in who shows that they are somebody we know, who may do what is called.
 *
 * It stands at the very door: of somebody who may not come in nothing is read but the headers.
 */
export class Admission {
  /** How often somebody was not let in, by the reason. */
  readonly refused = new Map<string, number>();
  private readonly refusals = new Refusals();

  constructor(
    private readonly principals: Principals,
    private readonly limits: AdmissionLimits,
  ) {}

  /**
   * Who calls; undefined where nobody is asked.
   *
   * @param requirement - undefined for what nobody says: it is refused
   * @param isUrgent - however often they call
   * @throws GatewayError UNAUTHENTICATED without a valid token or certificate; PERMISSION_DENIED without the scope;
   *   RESOURCE_EXHAUSTED; UNAVAILABLE when it cannot be told now whether a token is valid
   */
  async admit(credentials: Credentials, requirement: Requirement | undefined, isUrgent = false): Promise<Caller | undefined> {
    if (requirement === 'open') return undefined;
    const { requestId } = credentials;
    let principal: Principal | undefined;
    try {
      principal = await this.identify(credentials);
      if (!isUrgent) this.limits.rate.charge(principal);
      // What is asked for is known when the request was read; until then nobody does more than look.
      if (requirement === 'any') return { principal, scope: 'read', requestId };
      if (requirement === undefined || !may(principal, requirement)) throw lacking(requirement);
      return { principal, scope: requirement, requestId };
    } catch (error) {
      const refusal = fromUnknown(error).error;
      this.refused.set(refusal.reason, (this.refused.get(refusal.reason) ?? 0) + 1);
      // Who calls too often may call.
      if (refusal.reason !== RATE_LIMITED) this.refusals.record({ target: credentials.target, by: principal?.id, requestId }, refusal);
      throw error;
    }
  }

  private identify(credentials: Credentials): Promise<Principal> {
    return this.limits.failures.watch(credentials.peer, credentials.authorization ?? '', () => this.authenticate(credentials));
  }

  /** A token decides alone: who shows a wrong one is not let in by a certificate. */
  private async authenticate({ authorization = '', certificate }: Credentials): Promise<Principal> {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const principal = await this.principals.find(token === undefined ? { certificate } : { token });
    if (principal !== undefined) return principal;
    const what = token === undefined ? 'A bearer token is required' : 'The bearer token is not valid';
    throw new GatewayError('UNAUTHENTICATED', what, { reason: token === undefined ? 'TOKEN_MISSING' : 'TOKEN_INVALID' });
  }
}

function lacking(scope: Requirement | undefined): GatewayError {
  if (scope === undefined) return new GatewayError('PERMISSION_DENIED', 'Nobody may call this', { reason: 'SCOPE_MISSING' });
  return new GatewayError('PERMISSION_DENIED', `This needs a token with the scope ${scope}`, {
    reason: 'SCOPE_MISSING',
    metadata: { scope },
  });
}
