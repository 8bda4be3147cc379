import { create } from '@bufbuild/protobuf';
import {
  QuestionListSchema,
  QuestionSchema,
  type Question as QuestionMessage,
  type QuestionList,
  type ReplyQuestionRequest,
} from '../../common/grpc/generated/question_pb.js';
import type { UpstreamQuestion } from '../../common/opencode/opencode.types.js';
import type { Question, QuestionAnswer } from './question.model.js';

export function fromUpstreamQuestion(question: UpstreamQuestion): Question {
  return {
    id: question.id,
    sessionId: question.sessionID,
    items: question.questions.map((item) => ({
      header: item.header ?? '',
      question: item.question,
      options: (item.options ?? []).map(({ label, description = '' }) => ({ label, description })),
      multiple: item.multiple ?? false,
      // OpenCode's own default: its question tool cannot say otherwise.
      custom: item.custom ?? true,
    })),
  };
}

export function toQuestion(question: Question): QuestionMessage {
  return create(QuestionSchema, {
    id: question.id,
    sessionId: question.sessionId,
    items: question.items.map((item) => ({ ...item, options: item.options.map((option) => ({ ...option })) })),
  });
}

export function toQuestionList(questions: readonly Question[]): QuestionList {
  return create(QuestionListSchema, { questions: questions.map(toQuestion) });
}

export function fromReplyQuestionRequest({ sessionId, questionId, answers }: Omit<ReplyQuestionRequest, '$typeName'>): QuestionAnswer {
  return { sessionId, questionId, answers: answers.map(({ labels }) => labels) };
}
