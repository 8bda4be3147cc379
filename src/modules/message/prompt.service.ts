import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { ascendingId } from '../../common/opencode/opencode.ids.js';
import type { UpstreamPrompt } from '../../common/opencode/opencode.types.js';
import { AgentService } from '../agent/agent.service.js';
import { ProviderService } from '../provider/provider.service.js';
import type { ModelRef, Session } from '../session/session.model.js';
import { SessionService } from '../session/session.service.js';
import type { Prompt, PromptPart } from './prompt.model.js';
import { hasAttachment, toAcceptedParts } from './prompt.parts.js';

/** A prompt that cannot poison its session: everything OpenCode would take and choke on was refused. */
export interface AcceptedPrompt {
  readonly session: Session;
  readonly parts: readonly PromptPart[];
  readonly model: ModelRef | undefined;
  readonly agent: string | undefined;
  readonly system: string | undefined;
  readonly requestId: string;
  /** What the caller sent, to tell a repeated request from another. */
  readonly fingerprint: unknown;
}

/** Checks prompts before they leave, and dresses them for OpenCode. */
@Injectable()
export class PromptService {
  constructor(
    private readonly sessions: SessionService,
    private readonly agents: AgentService,
    private readonly providers: ProviderService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws GatewayError NOT_FOUND for the session; INVALID_ARGUMENT naming the field; FAILED_PRECONDITION for an archived session. */
  async accept(prompt: Prompt): Promise<AcceptedPrompt> {
    const parts = toAcceptedParts(prompt.parts);
    const session = await this.sessions.get(prompt.sessionId);
    if (session.archivedAtMs !== undefined)
      throw new GatewayError('FAILED_PRECONDITION', `Session ${session.id} is archived`, { reason: 'SESSION_ARCHIVED' });
    const [agent, model] = await Promise.all([this.chooseAgent(prompt, session), this.chooseModel(prompt, session)]);
    if (model !== undefined && hasAttachment(parts) && !(await this.providers.acceptsAttachments(session.directory, model))) {
      throw GatewayError.invalid('parts', `the model ${model.providerId}/${model.modelId} takes no attachments`);
    }
    const { system, requestId } = prompt;
    return { session, parts, agent, model, system, requestId, fingerprint: [prompt.parts, prompt.model, prompt.agent, system] };
  }

  /** Ids of our own for message and parts: a repeated send then joins its run instead of doubling the text. */
  toUpstream({ parts, agent, model, system }: AcceptedPrompt, messageId: string, nowMs: number): UpstreamPrompt {
    return {
      messageID: messageId,
      parts: parts.map((part) =>
        part.type === 'text'
          ? { id: ascendingId('prt', nowMs), type: 'text', text: part.text }
          : {
              id: ascendingId('prt', nowMs),
              type: 'file',
              mime: part.mime,
              url: part.url,
              ...(part.filename !== undefined && { filename: part.filename }),
            },
      ),
      ...(agent !== undefined && { agent }),
      ...(model !== undefined && { model: { providerID: model.providerId, modelID: model.modelId } }),
      ...(system !== undefined && { system }),
    };
  }

  /** Without one OpenCode falls back to its default agent, whatever the session used before. */
  private async chooseAgent(prompt: Prompt, session: Session): Promise<string | undefined> {
    if (prompt.agent !== undefined) {
      await this.agents.require(session.directory, prompt.agent, 'agent');
      return prompt.agent;
    }
    const agent = session.agent ?? this.config.OPENCODE_AGENT;
    if (agent !== undefined && session.agent === undefined) await this.agents.require(session.directory, agent, 'agent');
    return agent;
  }

  /** Always named, so that a session whose own model went away is not lost with it. */
  private async chooseModel(prompt: Prompt, session: Session): Promise<ModelRef | undefined> {
    if (prompt.model !== undefined) {
      await this.providers.requireModel(session.directory, prompt.model, 'model.model_id');
      return prompt.model;
    }
    if (session.model !== undefined && (await this.providers.isUsable(session.directory, session.model))) return session.model;
    return this.providers.defaultModel(session.directory);
  }
}
