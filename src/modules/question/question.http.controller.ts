import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import { EmptySchema, QuestionService as Rpc, type Empty, type QuestionList } from '../../common/grpc/generated/question_pb.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { ListQuestionsDto, RejectQuestionDto, ReplyQuestionDto } from './question.dto.js';
import { fromReplyQuestionRequest, toQuestionList } from './question.mapper.js';
import { QuestionService } from './question.service.js';

@Controller()
export class QuestionHttpController {
  constructor(private readonly questions: QuestionService) {}

  @RestRoute(Rpc.method.listQuestions)
  async listQuestions(@RestRequest() { sessionId }: ListQuestionsDto, @Caller() { principal }: Caller): Promise<QuestionList> {
    return toQuestionList(await this.questions.list(sessionId || undefined, principal));
  }

  @RestRoute(Rpc.method.replyQuestion)
  async replyQuestion(@RestRequest() request: ReplyQuestionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.questions.reply(fromReplyQuestionRequest(request), caller);
    return create(EmptySchema);
  }

  @RestRoute(Rpc.method.rejectQuestion)
  async rejectQuestion(@RestRequest() { sessionId, questionId }: RejectQuestionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.questions.reject(sessionId, questionId, caller);
    return create(EmptySchema);
  }
}
