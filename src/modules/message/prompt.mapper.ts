import type { SendMessageRequest } from '../../common/grpc/generated/message_pb.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { fromModelName } from '../session/session.mapper.js';
import type { ModelRef } from '../session/session.model.js';
import type { Prompt, PromptPart } from './prompt.model.js';

function fromPart({ content }: SendMessageRequest['parts'][number], index: number): PromptPart {
  switch (content.case) {
    case 'text':
      return { type: 'text', text: content.value.text };
    case 'file':
      return { type: 'file', mime: content.value.mime, filename: content.value.filename, url: content.value.url };
    case undefined:
      throw GatewayError.invalid(`parts[${index}]`, 'must be text or file');
  }
}

/** `provider.id` and `model_id`; a `model_id` of the form provider/model is understood too. */
function fromModelSelection(model: SendMessageRequest['model']): ModelRef | undefined {
  if (model === undefined) return undefined;
  const providerId = model.provider?.id ?? '';
  const selected = providerId === '' ? fromModelName(model.modelId) : { providerId, modelId: model.modelId };
  if (selected === undefined || selected.modelId === '') throw GatewayError.invalid('model', 'must name provider.id and model_id');
  return selected;
}

/** @throws GatewayError INVALID_ARGUMENT for an empty part or half a model. */
export function fromSendMessageRequest(request: Omit<SendMessageRequest, '$typeName'>): Prompt {
  const { sessionId, agent, system, variant, requestId } = request;
  const model = fromModelSelection(request.model);
  return { sessionId, parts: request.parts.map(fromPart), model, agent, system, variant, requestId };
}
