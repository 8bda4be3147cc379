import { IsIn } from 'class-validator';
import type { ListPermissionsRequest, PermissionResponse } from '../../common/grpc/generated/tool_pb.js';
import { IsOptionalShortText, IsPermissionId, IsSessionId, IsSessionIdOrEmpty } from '../../common/validation/ids.js';

/** `approve` is the seed's word for once. */
const RESPONSES = ['approve', 'once', 'always', 'reject'];

export class RespondToPermissionDto implements Omit<PermissionResponse, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsPermissionId()
  permissionId: string;

  @IsIn(RESPONSES, { message: `must be one of ${RESPONSES.join(', ')}` })
  response: string;

  @IsOptionalShortText(10_000)
  message?: string;
}

export class ListPermissionsDto implements Omit<ListPermissionsRequest, '$typeName'> {
  @IsSessionIdOrEmpty()
  sessionId: string;
}
