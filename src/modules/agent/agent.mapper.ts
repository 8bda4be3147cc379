import { create } from '@bufbuild/protobuf';
import { AgentListSchema, type AgentList } from '../../common/grpc/generated/agent_pb.js';
import type { UpstreamAgent } from '../../common/opencode/opencode.catalogue.types.js';
import type { Agent } from './agent.model.js';

/** Its instructions, options and permissions are left out. */
export function fromUpstreamAgent({ name, description, mode, native, hidden, color }: UpstreamAgent): Agent {
  return { name, description, mode, isBuiltIn: native ?? false, isHidden: hidden ?? false, color };
}

export function toAgentList(agents: readonly Agent[]): AgentList {
  return create(AgentListSchema, {
    agents: agents.map(({ name, description, mode, isBuiltIn, color }) => ({
      name,
      mode,
      builtIn: isBuiltIn,
      ...(description !== undefined && { description }),
      ...(color !== undefined && { color }),
    })),
  });
}
