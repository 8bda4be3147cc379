import { Controller } from '@nestjs/common';
import { AgentService as Rpc, type AgentList } from '../../common/grpc/generated/agent_pb.js';
import { RestRoute } from '../../common/http/rest-route.js';
import { toAgentList } from './agent.mapper.js';
import { AgentService } from './agent.service.js';

@Controller()
export class AgentHttpController {
  constructor(private readonly agents: AgentService) {}

  @RestRoute(Rpc.method.listAgents)
  async listAgents(): Promise<AgentList> {
    return toAgentList(await this.agents.list());
  }
}
