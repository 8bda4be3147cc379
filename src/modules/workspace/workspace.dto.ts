import type {
  ListModelsRequest,
  ResetSessionRequest,
  SendMessageRequest,
  SetModelRequest,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import { IsShortText } from '../../common/validation/ids.js';

export class ResetSessionDto implements Pick<ResetSessionRequest, 'title'> {
  @IsShortText(1_000)
  title: string;
}

/** The parts are checked by the prompt service: what they may be depends on the model. */
export class SendWorkspaceMessageDto implements Omit<SendMessageRequest, '$typeName'> {
  parts: SendMessageRequest['parts'];

  attachments: SendMessageRequest['attachments'];

  @IsShortText(400)
  model: string;
}

export class ListModelsDto implements Omit<ListModelsRequest, '$typeName'> {
  @IsShortText(200)
  provider: string;
}

export class SetModelDto implements Omit<SetModelRequest, '$typeName'> {
  @IsShortText(400)
  modelId: string;
}
