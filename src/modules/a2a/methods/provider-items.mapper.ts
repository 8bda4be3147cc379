import type { Model, Provider, Providers } from '../../provider/provider.model.js';

type Defaults = Providers['defaults'];

export function toProviderItem({ id, name, source, models }: Provider, defaults: Defaults): unknown {
  const defaultModelId = defaults[id];
  return {
    provider_id: id,
    name,
    ...(source !== '' && { source }),
    connected: true,
    ...(defaultModelId !== undefined && { default_model_id: defaultModelId }),
    model_count: models.length,
  };
}

export function toModelItem(model: Model, defaults: Defaults): unknown {
  const { providerId, id, name, status, limits } = model;
  return {
    provider_id: providerId,
    model_id: id,
    name,
    ...(status !== '' && { status }),
    // 0: OpenCode does not know.
    ...(limits.context > 0 && { context_window: limits.context }),
    ...(limits.output > 0 && { max_output_tokens: limits.output }),
    supports_reasoning: model.reasons,
    supports_tool_call: model.callsTools,
    supports_attachments: model.takesAttachments,
    default: defaults[providerId] === id,
    connected: true,
  };
}
