import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { AgentList } from '../../common/grpc/generated/agent_pb.js';
import { toAgentList } from './agent.mapper.js';
import { AgentService } from './agent.service.js';

@Controller()
export class AgentGrpcController {
  constructor(private readonly agents: AgentService) {}

  @GrpcMethod('opencode.agent.AgentService', 'ListAgents')
  async listAgents(): Promise<AgentList> {
    return toAgentList(await this.agents.list());
  }
}
