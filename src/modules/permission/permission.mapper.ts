import { create } from '@bufbuild/protobuf';
import {
  PermissionListSchema,
  PermissionRequestSchema,
  type PermissionList,
  type PermissionRequest,
  type PermissionResponse,
} from '../../common/grpc/generated/tool_pb.js';
import type { UpstreamPermission } from '../../common/opencode/opencode.types.js';
import type { Permission, PermissionAnswer, PermissionReply } from './permission.model.js';

export function fromUpstreamPermission(permission: UpstreamPermission, seenAtMs: number): Permission {
  return {
    id: permission.id,
    sessionId: permission.sessionID,
    type: permission.permission,
    patterns: permission.patterns ?? [],
    metadata: permission.metadata ?? {},
    messageId: permission.tool?.messageID,
    callId: permission.tool?.callID,
    seenAtMs,
  };
}

export function toPermissionRequest(permission: Permission): PermissionRequest {
  return create(PermissionRequestSchema, {
    id: permission.id,
    type: permission.type,
    pattern: [...permission.patterns],
    sessionId: permission.sessionId,
    messageId: permission.messageId ?? '',
    ...(permission.callId !== undefined && { callId: permission.callId }),
    title: `${permission.type}: ${permission.patterns.join(', ')}`,
    metadataJson: JSON.stringify(permission.metadata),
    createdAt: BigInt(permission.seenAtMs),
  });
}

export function toPermissionList(permissions: readonly Permission[]): PermissionList {
  return create(PermissionListSchema, { permissions: permissions.map(toPermissionRequest) });
}

/** The response was checked to be one of ours; `approve` is the seed's word for once. */
export function fromPermissionResponse({
  sessionId,
  permissionId,
  response,
  message,
}: Omit<PermissionResponse, '$typeName'>): PermissionAnswer {
  const reply = response === 'approve' ? 'once' : (response as PermissionReply);
  return { sessionId, permissionId, reply, message };
}
