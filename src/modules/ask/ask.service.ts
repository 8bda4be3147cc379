import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { Actor } from '../../common/logging/audit.js';
import { EventHub } from '../event/event.hub.js';
import type { GatewayEvent } from '../event/event.model.js';
import { PermissionService } from '../permission/permission.service.js';
import { QuestionService } from '../question/question.service.js';
import type { AskPolicy, Session } from '../session/session.model.js';
import { SessionService } from '../session/session.service.js';

/** An answer or a policy that OpenCode did not take or tell is tried again after this. */
const RETRY_MS = 5_000;

interface Ask {
  readonly type: 'permission' | 'question';
  readonly id: string;
  readonly sessionId: string;
}

/** A permission or a question that nobody has answered. */
interface OpenAsk extends Ask {
  readonly seenAtMs: number;
  /** Sessions whose policy was looked at, its own first; empty until the first look is over. */
  lineage: ReadonlySet<string>;
  /** Looks at the policy so far: only the newest counts. */
  looks: number;
  policy: AskPolicy | undefined;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Answers what agents ask when nobody else does, as the policy of the session or of the deployment says.
 *
 * The time runs from when this gateway first sees an ask: OpenCode keeps none. Every replica keeps it, and the first one answers.
 */
@Injectable()
export class AskService implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(AskService.name);
  private readonly open = new Map<string, OpenAsk>();
  private readonly deploymentPolicy: AskPolicy;
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly hub: EventHub,
    private readonly sessions: SessionService,
    private readonly permissions: PermissionService,
    private readonly questions: QuestionService,
    @Inject(CONFIG) config: Config,
  ) {
    this.deploymentPolicy = { answer: config.ASK_DEFAULT, timeoutS: config.ASK_TIMEOUT_S ?? 0 };
  }

  /** Before the hub connects: what was asked before the start is told by its first look at OpenCode. */
  onModuleInit(): void {
    this.stopListening = this.hub.listenAll((event) => this.observe(event));
  }

  onModuleDestroy(): void {
    this.stopListening();
    for (const { id } of [...this.open.values()]) this.close(id);
  }

  /** How many wait, and the oldest for how long since it was seen here; 0 without one. */
  pending(type: Ask['type']): { readonly count: number; readonly oldestMs: number } {
    const asks = [...this.open.values()].filter((ask) => ask.type === type);
    const nowMs = Date.now();
    return { count: asks.length, oldestMs: asks.reduce((oldestMs, { seenAtMs }) => Math.max(oldestMs, nowMs - seenAtMs), 0) };
  }

  /** Rejects all that a session and its sub-agents ask, as an abort does: OpenCode lists it until somebody answers. Never rejects. */
  async rejectAll(sessionId: string): Promise<void> {
    const asks = [
      ...this.hub.pendingPermissions(sessionId).map(({ permission }) => ({ ...permission, type: 'permission' as const })),
      ...this.hub.pendingQuestions(sessionId).map(({ question }) => ({ ...question, type: 'question' as const })),
    ];
    // One that was answered in the meantime is done too.
    await Promise.allSettled(asks.map((ask) => this.reply(ask, 'reject', 'abort')));
  }

  private observe(event: GatewayEvent): void {
    switch (event.type) {
      case 'permission_asked':
        return this.begin('permission', event.permission);
      case 'question_asked':
        return this.begin('question', event.question);
      case 'permission_replied':
        return this.close(event.permissionId);
      case 'question_closed':
        return this.close(event.questionId);
      case 'session_updated':
        for (const ask of this.open.values()) if (ask.lineage.size === 0 || ask.lineage.has(event.sessionId)) void this.look(ask);
        return;
      case 'session_deleted':
        for (const { id, sessionId } of [...this.open.values()]) if (sessionId === event.sessionId) this.close(id);
        return;
      default:
    }
  }

  /** Told again after a reconnect, an ask goes on with the time it has. */
  private begin(type: Ask['type'], { id, sessionId }: Omit<Ask, 'type'>): void {
    if (this.open.has(id)) return;
    const ask: OpenAsk = { type, id, sessionId, seenAtMs: Date.now(), lineage: new Set(), looks: 0, policy: undefined, timer: undefined };
    this.open.set(id, ask);
    void this.look(ask);
  }

  private close(id: string): void {
    clearTimeout(this.open.get(id)?.timer);
    this.open.delete(id);
  }

  /** Finds the policy and starts the time anew if it is another one. Never rejects. */
  private async look(ask: OpenAsk): Promise<void> {
    const look = (ask.looks += 1);
    const isCurrent = (): boolean => ask.looks === look && this.open.get(ask.id) === ask;
    try {
      const { policy, lineage } = await this.findPolicy(ask.sessionId);
      if (!isCurrent()) return;
      ask.lineage = lineage;
      if (ask.policy?.answer === policy.answer && ask.policy.timeoutS === policy.timeoutS) return;
      ask.policy = policy;
      this.schedule(ask, policy.timeoutS * 1_000);
    } catch (error) {
      this.logger.warn(`The ask policy of session ${ask.sessionId} could not be read; trying again: ${String(error)}`);
      if (isCurrent()) this.arm(ask, RETRY_MS, () => this.look(ask));
    }
  }

  private schedule(ask: OpenAsk, delayMs: number): void {
    const answer = ask.policy?.answer;
    if (answer === 'reject' || answer === 'once') this.arm(ask, delayMs, () => this.answer(ask, answer));
    else clearTimeout(ask.timer);
  }

  private arm(ask: OpenAsk, delayMs: number, task: () => Promise<void>): void {
    clearTimeout(ask.timer);
    ask.timer = setTimeout(() => void task(), delayMs);
  }

  /** Never rejects. */
  private async answer(ask: OpenAsk, reply: 'reject' | 'once'): Promise<void> {
    const { type, id } = ask;
    try {
      await this.reply(ask, reply, 'policy');
      this.close(id);
    } catch (error) {
      // A caller or another replica was first.
      if (isMissing(error)) return this.close(id);
      this.logger.warn(`The ${type} ${id} could not be answered; trying again: ${String(error)}`);
      if (this.open.get(id) === ask) this.schedule(ask, RETRY_MS);
    }
  }

  /** A rejection has no message: the turn ends, as it does when a caller says no. A question can only be rejected. */
  private reply({ type, id, sessionId }: Ask, reply: 'reject' | 'once', by: Actor): Promise<void> {
    if (type === 'question') return this.questions.reject(sessionId, id, by);
    return this.permissions.answer({ sessionId, permissionId: id, reply, message: undefined }, by);
  }

  /** The nearest policy on the way up; sub-agents have none of their own, so they follow whom they work for. */
  private async findPolicy(sessionId: string): Promise<{ readonly policy: AskPolicy; readonly lineage: ReadonlySet<string> }> {
    const lineage = new Set<string>();
    for (let next: string | undefined = sessionId; next !== undefined && !lineage.has(next);) {
      lineage.add(next);
      const session: Session | undefined = await this.sessions.get(next).catch(ifMissing);
      if (session?.ask !== undefined) return { policy: session.ask, lineage };
      next = session?.parentId;
    }
    return { policy: this.deploymentPolicy, lineage };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'NOT_FOUND';
}

/** OpenCode takes any id for a parent's. */
function ifMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
