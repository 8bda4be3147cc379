import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { CommandList } from '../../common/grpc/generated/command_pb.js';
import { toCommandList } from './command.mapper.js';
import { CommandService } from './command.service.js';

@Controller()
export class CommandGrpcController {
  constructor(private readonly commands: CommandService) {}

  @GrpcMethod('opencode.command.CommandService', 'ListCommands')
  async listCommands(): Promise<CommandList> {
    return toCommandList(await this.commands.list());
  }
}
