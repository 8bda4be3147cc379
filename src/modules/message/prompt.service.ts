import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { ascendingMessageId } from '../../common/opencode/opencode.ids.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { AgentService } from '../agent/agent.service.js';
import { ProviderService } from '../provider/provider.service.js';
import type { ModelRef, Session } from '../session/session.model.js';
import { SessionService } from '../session/session.service.js';
import type { Prompt, PromptInput } from './prompt.model.js';
import { toUpstreamNote } from './note.mapper.js';
import { hasAttachment, requireWithin, toAcceptedParts } from './prompt.parts.js';
import type { TurnTask } from './turn.task.js';
import { toUpstreamPrompt } from './upstream-prompt.mapper.js';

/** Who answers, and with which model; undefined leaves the choice to OpenCode. */
export interface Choice {
  readonly agent: string | undefined;
  readonly model: ModelRef | undefined;
}

/** Something for a session's history, checked and ready. */
export interface Note {
  readonly session: Session;
  store(): Promise<void>;
}

/** Checks prompts before they leave, so that none can poison its session, and hands them to OpenCode. */
@Injectable()
export class PromptService {
  constructor(
    private readonly pool: OpencodePool,
    private readonly sessions: SessionService,
    private readonly agents: AgentService,
    private readonly providers: ProviderService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws GatewayError NOT_FOUND for the session; INVALID_ARGUMENT naming the field; FAILED_PRECONDITION for an archived session. */
  async accept(prompt: Prompt): Promise<TurnTask> {
    const { session, toUpstream } = await this.check(prompt);
    const { model, agent, system, variant, extras, requestId, messageId, isCalledOff } = prompt;
    return {
      session,
      requestId,
      messageId,
      fingerprint: [prompt.parts, model, agent, system, variant, ...(extras === undefined ? [] : [extras])],
      kind: 'prompt',
      ...(isCalledOff !== undefined && { isCalledOff }),
      // The same ids once more: whatever OpenCode has of it already is joined, not doubled.
      hand: ({ id }) => this.pool.forSession(session.id).client.prompt(session.id, toUpstream(id)),
    };
  }

  /** Something for the history that nobody is to answer. @throws GatewayError as `accept`; INVALID_ARGUMENT without a text */
  async acceptNote(prompt: Prompt): Promise<Note> {
    if (!prompt.parts.some(({ type }) => type === 'text')) throw GatewayError.invalid('parts', 'must hold a text: nobody answers');
    const { session, toUpstream } = await this.check(prompt);
    const { client, clock } = this.pool.forSession(session.id);
    const messageId = prompt.messageId ?? ascendingMessageId(clock.nowMs());
    return { session, store: () => client.prompt(session.id, toUpstreamNote(toUpstream(messageId))) };
  }

  /** A session that takes prompts. @throws GatewayError NOT_FOUND; FAILED_PRECONDITION for an archived one */
  async openSession(sessionId: string): Promise<Session> {
    const session = await this.sessions.get(sessionId);
    if (session.archivedAtMs === undefined) return session;
    throw new GatewayError('FAILED_PRECONDITION', `Session ${session.id} is archived`, { reason: 'SESSION_ARCHIVED' });
  }

  /** The wanted agent and model, or the session's, or the defaults. @throws GatewayError INVALID_ARGUMENT naming `agent`, `variant` or `modelField` */
  async choose(wanted: Choice & { readonly variant?: string | undefined }, session: Session, modelField: string): Promise<Choice> {
    const [agent, model] = await Promise.all([this.chooseAgent(wanted, session), this.chooseModel(wanted, session, modelField)]);
    const { variant } = wanted;
    if (variant !== undefined) await this.providers.requireVariant(session.directory, model, variant, 'variant');
    return { agent, model };
  }

  private async check(prompt: Prompt) {
    requireWithin(prompt.parts, { maxParts: this.config.MAX_MESSAGE_PARTS, maxTextBytes: this.config.MAX_MESSAGE_BYTES });
    const parts = toAcceptedParts(prompt.parts);
    const session = await this.openSession(prompt.sessionId);
    const { directory } = session;
    const choice = await this.choose(prompt, session, 'model.model_id');
    if (choice.model !== undefined && hasAttachment(parts) && !(await this.providers.acceptsAttachments(directory, choice.model))) {
      throw GatewayError.invalid('parts', `the model ${choice.model.providerId}/${choice.model.modelId} takes no attachments`);
    }
    for (const [index, part] of parts.entries()) await this.requireAgents(directory, part, `parts[${index}]`);
    const { system, variant, extras } = prompt;
    const toUpstream = (messageId: string) => toUpstreamPrompt(messageId, parts, { ...choice, system, variant, extras });
    return { session, toUpstream };
  }

  /** With an agent or a model that is not there a sub-task would fail, and say nothing. */
  private async requireAgents(directory: string, part: PromptInput, field: string): Promise<void> {
    if (part.type === 'agent') await this.agents.require(directory, part.name, `${field}.name`);
    if (part.type !== 'subtask') return;
    await this.agents.require(directory, part.agent, `${field}.agent`);
    if (part.model !== undefined) await this.providers.requireModel(directory, part.model, `${field}.model`);
  }

  /** Without one OpenCode falls back to its default agent, whatever the session used before. */
  private async chooseAgent(wanted: Choice, session: Session): Promise<string | undefined> {
    if (wanted.agent !== undefined) {
      await this.agents.require(session.directory, wanted.agent, 'agent');
      return wanted.agent;
    }
    const agent = session.agent ?? this.config.OPENCODE_AGENT;
    if (agent !== undefined && session.agent === undefined) await this.agents.require(session.directory, agent, 'agent');
    return agent;
  }

  /** Always named, so that a session whose own model went away is not lost with it. */
  private async chooseModel(wanted: Choice, session: Session, field: string): Promise<ModelRef | undefined> {
    if (wanted.model !== undefined) {
      await this.providers.requireModel(session.directory, wanted.model, field);
      return wanted.model;
    }
    if (session.model !== undefined && (await this.providers.isUsable(session.directory, session.model))) return session.model;
    return this.providers.defaultModel(session.directory);
  }
}
