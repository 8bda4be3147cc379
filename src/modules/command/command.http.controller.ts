import { Controller } from '@nestjs/common';
import { CommandService as Rpc, type CommandList } from '../../common/grpc/generated/command_pb.js';
import { RestRoute } from '../../common/http/rest-route.js';
import { toCommandList } from './command.mapper.js';
import { CommandService } from './command.service.js';

@Controller()
export class CommandHttpController {
  constructor(private readonly commands: CommandService) {}

  @RestRoute(Rpc.method.listCommands)
  async listCommands(): Promise<CommandList> {
    return toCommandList(await this.commands.list());
  }
}
