import type { RunCommandRequest, RunShellRequest } from '../../common/grpc/generated/message_pb.js';
import { fromModelName } from '../session/session.mapper.js';
import type { CommandInvocation, ShellInvocation } from './invocation.model.js';

export function fromRunCommandRequest({ model, ...request }: Omit<RunCommandRequest, '$typeName'>): CommandInvocation {
  const { sessionId, command, agent, requestId } = request;
  return {
    sessionId,
    command,
    arguments: request.arguments,
    agent,
    model: model === undefined ? undefined : fromModelName(model),
    requestId,
  };
}

export function fromRunShellRequest({ model, agent, ...request }: Omit<RunShellRequest, '$typeName'>): ShellInvocation {
  const { sessionId, command, requestId } = request;
  return {
    sessionId,
    command,
    agent: agent === '' ? undefined : agent,
    model: model === undefined ? undefined : fromModelName(model),
    requestId,
  };
}
