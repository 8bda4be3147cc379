import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  ListModelsResponseSchema,
  SetModelResponseSchema,
  type ListModelsResponse,
  type ModelInfoSchema,
  type SetModelResponse,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import type { Model } from '../provider/provider.model.js';
import { toModelName } from '../session/session.mapper.js';

/** `provider/model` as its id, which SetModel and SendMessage take: a model's own id may belong to several providers. */
function toModelInfo(model: Model): MessageInitShape<typeof ModelInfoSchema> {
  return {
    id: toModelName({ providerId: model.providerId, modelId: model.id }),
    name: model.name,
    provider: model.providerId,
    contextWindow: model.limits.context,
    costPer1mInput: model.price.input,
    costPer1mOutput: model.price.output,
    supportsAttachments: model.takesAttachments,
    supportsTools: model.callsTools,
    capabilities: toCapabilities(model),
  };
}

/** The words of ModelCapabilities in `opencode.model`, and what goes in and out: `input:image`. */
function toCapabilities(model: Model): string[] {
  const flags = {
    temperature: model.takesTemperature,
    reasoning: model.reasons,
    attachment: model.takesAttachments,
    toolcall: model.callsTools,
    interleaved: model.reasonsBetweenTools,
  };
  const media = [...Object.entries(model.input).map(prefixed('input')), ...Object.entries(model.output).map(prefixed('output'))];
  return [...Object.entries(flags), ...media].filter(([, has]) => has).map(([name]) => name);
}

function prefixed(side: 'input' | 'output'): (entry: [string, boolean]) => [string, boolean] {
  return ([name, has]) => [`${side}:${name}`, has];
}

export function toListModelsResponse(models: readonly Model[]): ListModelsResponse {
  return create(ListModelsResponseSchema, { models: models.map(toModelInfo) });
}

export function toSetModelResponse(model: Model): SetModelResponse {
  return create(SetModelResponseSchema, { model: toModelInfo(model) });
}
