import { create } from '@bufbuild/protobuf';
import { Controller, Headers, Inject } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import { CONFIG, type Config } from '../../common/config/config.js';
import {
  EmptySchema,
  MessageService as Rpc,
  type DisplayMessage,
  type Empty,
  type ListMessagesResponse,
} from '../../common/grpc/generated/message_pb.js';
import { IDEMPOTENCY_KEY, withKey } from '../../common/http/idempotency-key.js';
import { RestReply } from '../../common/http/rest-reply.js';
import type { MessageStream } from '../../common/streams/message-stream.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { wantsEventStream } from '../../common/http/stream-format.js';
import { toEventStream } from '../event/event-stream.mapper.js';
import type { GatewayEvent } from '../event/event.model.js';
import { fromTextMode } from '../event/watch.mapper.js';
import { AbortSessionDto, GetMessageDto, ListMessagesDto, RunCommandDto, RunShellDto, SendMessageDto } from './message.dto.js';
import { fromRunCommandRequest, fromRunShellRequest } from './invocation.mapper.js';
import { toDisplayMessage, toListMessagesResponse } from './message.mapper.js';
import { MessageService } from './message.service.js';
import { fromSendMessageRequest } from './prompt.mapper.js';
import { toRunAnswer } from './run.mapper.js';
import { RunService } from './run.service.js';
import { TurnService } from './turn.service.js';

@Controller()
export class MessageHttpController {
  private readonly publicUrl: string;

  constructor(
    private readonly messages: MessageService,
    private readonly turns: TurnService,
    private readonly runs: RunService,
    @Inject(CONFIG) config: Config,
  ) {
    this.publicUrl = config.PUBLIC_URL?.replace(/\/$/, '') ?? '';
  }

  /** 202 with the prompt's own message as Location; the turn's events at once to a caller who accepts an event stream. */
  @RestRoute(Rpc.method.sendMessage)
  async sendMessage(
    @RestRequest() request: SendMessageDto,
    @Caller() caller: Caller,
    @Headers('accept') accept?: string,
    @Headers(IDEMPOTENCY_KEY) key?: string,
  ): Promise<RestReply | MessageStream<GatewayEvent>> {
    if (wantsEventStream(accept)) return this.streamMessage(request, caller, key);
    const { turnId } = await this.turns.send(withKey(fromSendMessageRequest(request), key), caller);
    return new RestReply(create(EmptySchema), {
      status: 202,
      headers: { location: `${this.publicUrl}/sessions/${request.sessionId}/messages/${turnId}` },
    });
  }

  @RestRoute(Rpc.method.runMessage)
  async runMessage(
    @RestRequest() request: SendMessageDto,
    @Caller() caller: Caller,
    @Headers(IDEMPOTENCY_KEY) key?: string,
  ): Promise<DisplayMessage> {
    return toRunAnswer(await this.runs.run(withKey(fromSendMessageRequest(request), key), caller));
  }

  @RestRoute(Rpc.method.runCommand)
  async runCommand(
    @RestRequest() request: RunCommandDto,
    @Caller() caller: Caller,
    @Headers(IDEMPOTENCY_KEY) key?: string,
  ): Promise<DisplayMessage> {
    return toRunAnswer(await this.runs.runCommand(withKey(fromRunCommandRequest(request), key), caller));
  }

  @RestRoute(Rpc.method.runShell)
  async runShell(
    @RestRequest() request: RunShellDto,
    @Caller() caller: Caller,
    @Headers(IDEMPOTENCY_KEY) key?: string,
  ): Promise<DisplayMessage> {
    return toRunAnswer(await this.runs.runShell(withKey(fromRunShellRequest(request), key), caller));
  }

  @RestRoute(Rpc.method.streamMessage)
  async streamMessage(
    @RestRequest() request: SendMessageDto,
    @Caller() caller: Caller,
    @Headers(IDEMPOTENCY_KEY) key?: string,
  ): Promise<MessageStream<GatewayEvent>> {
    const events$ = await this.turns.stream(withKey(fromSendMessageRequest(request), key), fromTextMode(request.textMode), caller);
    return toEventStream(events$, request.sessionId);
  }

  @RestRoute(Rpc.method.listMessages)
  async listMessages(@RestRequest() { sessionId, pageSize, pageToken }: ListMessagesDto): Promise<ListMessagesResponse> {
    return toListMessagesResponse(await this.messages.listPage(sessionId, pageSize, pageToken));
  }

  @RestRoute(Rpc.method.getMessage)
  async getMessage(@RestRequest() { sessionId, messageId }: GetMessageDto): Promise<DisplayMessage> {
    return toDisplayMessage(await this.messages.get(sessionId, messageId));
  }

  @RestRoute(Rpc.method.abortSession)
  async abortSession(@RestRequest() { sessionId }: AbortSessionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.turns.abort(sessionId, caller);
    return create(EmptySchema);
  }
}
