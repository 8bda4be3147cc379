import { ArrayMaxSize } from 'class-validator';
import type { ListQuestionsRequest, RejectQuestionRequest, ReplyQuestionRequest } from '../../common/grpc/generated/question_pb.js';
import { IsQuestionId, IsSessionId, IsSessionIdOrEmpty } from '../../common/validation/ids.js';

export class ListQuestionsDto implements Omit<ListQuestionsRequest, '$typeName'> {
  @IsSessionIdOrEmpty()
  sessionId: string;
}

export class RejectQuestionDto implements Omit<RejectQuestionRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsQuestionId()
  questionId: string;
}

export class ReplyQuestionDto extends RejectQuestionDto implements Omit<ReplyQuestionRequest, '$typeName'> {
  @ArrayMaxSize(100, { message: 'must hold at most 100 answers' })
  answers: ReplyQuestionRequest['answers'];
}
