import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import {
  EmptySchema,
  type DisplayMessage,
  type Empty,
  type ListMessagesResponse,
  type MessageList,
} from '../../common/grpc/generated/message_pb.js';
import type { MessageStream } from '../../common/streams/message-stream.js';
import { toEventStream } from '../event/event-stream.mapper.js';
import type { GatewayEvent } from '../event/event.model.js';
import { fromTextMode } from '../event/watch.mapper.js';
import {
  AbortSessionDto,
  GetMessageDto,
  GetMessagesDto,
  ListMessagesDto,
  RunCommandDto,
  RunShellDto,
  SendMessageDto,
} from './message.dto.js';
import { fromRunCommandRequest, fromRunShellRequest } from './invocation.mapper.js';
import { toDisplayMessage, toListMessagesResponse, toMessageList } from './message.mapper.js';
import { MessageService } from './message.service.js';
import { fromSendMessageRequest } from './prompt.mapper.js';
import { toRunAnswer } from './run.mapper.js';
import { RunService } from './run.service.js';
import { TurnService } from './turn.service.js';

const SERVICE = 'opencode.message.MessageService';

@Controller()
export class MessageGrpcController {
  constructor(
    private readonly messages: MessageService,
    private readonly turns: TurnService,
    private readonly runs: RunService,
  ) {}

  @GrpcMethod(SERVICE, 'SendMessage')
  async sendMessage(@Payload() request: SendMessageDto, @Caller() caller: Caller): Promise<Empty> {
    await this.turns.send(fromSendMessageRequest(request), caller);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'RunMessage')
  async runMessage(@Payload() request: SendMessageDto, @Caller() caller: Caller): Promise<DisplayMessage> {
    return toRunAnswer(await this.runs.run(fromSendMessageRequest(request), caller));
  }

  @GrpcMethod(SERVICE, 'RunCommand')
  async runCommand(@Payload() request: RunCommandDto, @Caller() caller: Caller): Promise<DisplayMessage> {
    return toRunAnswer(await this.runs.runCommand(fromRunCommandRequest(request), caller));
  }

  @GrpcMethod(SERVICE, 'RunShell')
  async runShell(@Payload() request: RunShellDto, @Caller() caller: Caller): Promise<DisplayMessage> {
    return toRunAnswer(await this.runs.runShell(fromRunShellRequest(request), caller));
  }

  @GrpcMethod(SERVICE, 'StreamMessage')
  async streamMessage(@Payload() request: SendMessageDto, @Caller() caller: Caller): Promise<MessageStream<GatewayEvent>> {
    const events$ = await this.turns.stream(fromSendMessageRequest(request), fromTextMode(request.textMode), caller);
    return toEventStream(events$, request.sessionId);
  }

  @GrpcMethod(SERVICE, 'GetMessages')
  async getMessages({ sessionId }: GetMessagesDto): Promise<MessageList> {
    return toMessageList(await this.messages.list(sessionId));
  }

  @GrpcMethod(SERVICE, 'ListMessages')
  async listMessages({ sessionId, pageSize, pageToken }: ListMessagesDto): Promise<ListMessagesResponse> {
    return toListMessagesResponse(await this.messages.listPage(sessionId, pageSize, pageToken));
  }

  @GrpcMethod(SERVICE, 'GetMessage')
  async getMessage({ sessionId, messageId }: GetMessageDto): Promise<DisplayMessage> {
    return toDisplayMessage(await this.messages.get(sessionId, messageId));
  }

  @GrpcMethod(SERVICE, 'AbortSession')
  async abortSession(@Payload() { sessionId }: AbortSessionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.turns.abort(sessionId, caller);
    return create(EmptySchema);
  }
}
