import { createRegistry, type DescFile, type DescMessage, type DescMethod, type DescService, type Message } from '@bufbuild/protobuf';
import { file_agent } from './generated/agent_pb.js';
import { file_auth } from './generated/auth_pb.js';
import { file_command } from './generated/command_pb.js';
import { file_event } from './generated/event_pb.js';
import { file_file } from './generated/file_pb.js';
import { file_google_rpc_error_details } from './generated/google/rpc/error_details_pb.js';
import { file_google_rpc_status } from './generated/google/rpc/status_pb.js';
import { file_grpc_health_v1_health } from './generated/grpc/health/v1/health_pb.js';
import { file_message } from './generated/message_pb.js';
import { file_opencode } from './generated/opencode_pb.js';
import { file_question } from './generated/question_pb.js';
import { file_session } from './generated/session_pb.js';
import { file_tool } from './generated/tool_pb.js';
import { file_v1_opencode_service } from './generated/v1/opencode_service_pb.js';

const serviceFiles: readonly DescFile[] = [
  file_v1_opencode_service,
  file_session,
  file_message,
  file_tool,
  file_question,
  file_agent,
  file_auth,
  file_command,
  file_file,
  file_event,
  file_opencode,
];

/** Every service of the contract. */
export const protoServices: readonly DescService[] = serviceFiles.flatMap((file) => file.services);

/** Every file the gRPC door speaks: the contract, the health protocol and error details; imports before importers. */
export const protoFiles: readonly DescFile[] = collectFiles([
  ...serviceFiles,
  file_grpc_health_v1_health,
  file_google_rpc_status,
  file_google_rpc_error_details,
]);

/** Every message, enum and service of the contract and of google.rpc's error details. */
export const protoTypes = createRegistry(...protoFiles);

function collectFiles(files: readonly DescFile[], seen = new Set<DescFile>()): DescFile[] {
  for (const file of files) {
    if (seen.has(file)) continue;
    collectFiles(file.dependencies, seen);
    seen.add(file);
  }
  return [...seen];
}

/** The full name of a method, as it is called on the wire: `/package.Service/Method`. */
export function methodPath(method: DescMethod): string {
  return `/${methodName(method)}`;
}

/** The full name of a method: `package.Service/Method`. */
export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** @throws Error when the message is none of the contract's: a programming error. */
export function schemaOf(message: Message): DescMessage {
  const schema = protoTypes.getMessage(message.$typeName);
  if (schema === undefined) throw new Error(`no such message type: ${message.$typeName}`);
  return schema;
}
