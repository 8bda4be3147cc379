import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import { EmptySchema, type Empty, type QuestionList } from '../../common/grpc/generated/question_pb.js';
import { ListQuestionsDto, RejectQuestionDto, ReplyQuestionDto } from './question.dto.js';
import { fromReplyQuestionRequest, toQuestionList } from './question.mapper.js';
import { QuestionService } from './question.service.js';

const SERVICE = 'opencode.question.QuestionService';

@Controller()
export class QuestionGrpcController {
  constructor(private readonly questions: QuestionService) {}

  @GrpcMethod(SERVICE, 'ListQuestions')
  async listQuestions(@Payload() { sessionId }: ListQuestionsDto, @Caller() { principal }: Caller): Promise<QuestionList> {
    return toQuestionList(await this.questions.list(sessionId || undefined, principal));
  }

  @GrpcMethod(SERVICE, 'ReplyQuestion')
  async replyQuestion(@Payload() request: ReplyQuestionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.questions.reply(fromReplyQuestionRequest(request), caller);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'RejectQuestion')
  async rejectQuestion(@Payload() { sessionId, questionId }: RejectQuestionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.questions.reject(sessionId, questionId, caller);
    return create(EmptySchema);
  }
}
