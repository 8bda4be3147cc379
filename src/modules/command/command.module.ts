import { Module } from '@nestjs/common';
import { CommandGrpcController } from './command.grpc.controller.js';
import { CommandHttpController } from './command.http.controller.js';
import { CommandService } from './command.service.js';

@Module({ providers: [CommandService], controllers: [CommandGrpcController, CommandHttpController], exports: [CommandService] })
export class CommandModule {}
