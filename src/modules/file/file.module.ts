import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { FileChangesService } from './file-changes.service.js';
import { FileGrpcController } from './file.grpc.controller.js';
import { FileHttpController } from './file.http.controller.js';
import { FileService } from './file.service.js';
import { WorkspaceFileGrpcController } from './workspace-file.grpc.controller.js';
import { WorkspaceFileHttpController } from './workspace-file.http.controller.js';

@Module({
  imports: [SessionModule],
  providers: [FileService, FileChangesService],
  controllers: [FileGrpcController, FileHttpController, WorkspaceFileGrpcController, WorkspaceFileHttpController],
  exports: [FileService],
})
export class FileModule {}
