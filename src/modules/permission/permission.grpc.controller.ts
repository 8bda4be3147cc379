import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import { EmptySchema, type Empty, type PermissionList } from '../../common/grpc/generated/tool_pb.js';
import { ListPermissionsDto, RespondToPermissionDto } from './permission.dto.js';
import { fromPermissionResponse, toPermissionList } from './permission.mapper.js';
import { PermissionService } from './permission.service.js';

const SERVICE = 'opencode.tool.PermissionService';

@Controller()
export class PermissionGrpcController {
  constructor(private readonly permissions: PermissionService) {}

  @GrpcMethod(SERVICE, 'ListPermissions')
  async listPermissions(@Payload() { sessionId }: ListPermissionsDto, @Caller() { principal }: Caller): Promise<PermissionList> {
    return toPermissionList(await this.permissions.list(sessionId || undefined, principal));
  }

  @GrpcMethod(SERVICE, 'RespondToPermission')
  async respondToPermission(@Payload() request: RespondToPermissionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.permissions.answer(fromPermissionResponse(request), caller);
    return create(EmptySchema);
  }
}
