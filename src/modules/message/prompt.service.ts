import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { partIdOf } from '../../common/opencode/opencode.ids.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import type { UpstreamPrompt } from '../../common/opencode/opencode.types.js';
import { AgentService } from '../agent/agent.service.js';
import { ProviderService } from '../provider/provider.service.js';
import type { ModelRef, Session } from '../session/session.model.js';
import { SessionService } from '../session/session.service.js';
import type { Prompt, PromptPart } from './prompt.model.js';
import { hasAttachment, requireWithin, toAcceptedParts } from './prompt.parts.js';
import type { TurnTask } from './turn.task.js';

/** Who answers, and with which model; undefined leaves the choice to OpenCode. */
export interface Choice {
  readonly agent: string | undefined;
  readonly model: ModelRef | undefined;
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
    requireWithin(prompt.parts, { maxParts: this.config.MAX_MESSAGE_PARTS, maxTextBytes: this.config.MAX_MESSAGE_BYTES });
    const parts = toAcceptedParts(prompt.parts);
    const session = await this.openSession(prompt.sessionId);
    const { directory } = session;
    const choice = await this.choose(prompt, session, 'model.model_id');
    if (choice.model !== undefined && hasAttachment(parts) && !(await this.providers.acceptsAttachments(directory, choice.model))) {
      throw GatewayError.invalid('parts', `the model ${choice.model.providerId}/${choice.model.modelId} takes no attachments`);
    }
    const { system, variant, requestId } = prompt;
    if (variant !== undefined) await this.providers.requireVariant(directory, choice.model, variant, 'variant');
    const settings = { ...choice, system, variant };
    return {
      session,
      requestId,
      fingerprint: [prompt.parts, prompt.model, prompt.agent, system, variant],
      kind: 'prompt',
      // The same ids once more: whatever OpenCode has of it already is joined, not doubled.
      hand: ({ id }) => this.pool.forSession(session.id).client.prompt(session.id, toUpstreamPrompt(id, parts, settings)),
    };
  }

  /** A session that takes prompts. @throws GatewayError NOT_FOUND; FAILED_PRECONDITION for an archived one */
  async openSession(sessionId: string): Promise<Session> {
    const session = await this.sessions.get(sessionId);
    if (session.archivedAtMs === undefined) return session;
    throw new GatewayError('FAILED_PRECONDITION', `Session ${session.id} is archived`, { reason: 'SESSION_ARCHIVED' });
  }

  /** The wanted agent and model, or the session's, or the defaults. @throws GatewayError INVALID_ARGUMENT naming `agent` or `modelField` */
  async choose(wanted: Choice, session: Session, modelField: string): Promise<Choice> {
    const [agent, model] = await Promise.all([this.chooseAgent(wanted, session), this.chooseModel(wanted, session, modelField)]);
    return { agent, model };
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

interface PromptSettings extends Choice {
  readonly system: string | undefined;
  readonly variant: string | undefined;
}

/** Ids of our own for message and parts: a repeated send then joins its run instead of doubling the text. */
function toUpstreamPrompt(messageId: string, parts: readonly PromptPart[], settings: PromptSettings): UpstreamPrompt {
  const { agent, model, system, variant } = settings;
  return {
    messageID: messageId,
    parts: parts.map((part, index) => ({ id: partIdOf(messageId, index), ...toUpstreamPart(part) })),
    ...(agent !== undefined && { agent }),
    ...(model !== undefined && { model: { providerID: model.providerId, modelID: model.modelId } }),
    ...(variant !== undefined && { variant }),
    ...(system !== undefined && { system }),
  };
}

function toUpstreamPart(part: PromptPart) {
  if (part.type === 'text') return { type: part.type, text: part.text };
  const { type, mime, url, filename } = part;
  return { type, mime, url, ...(filename !== undefined && { filename }) };
}
