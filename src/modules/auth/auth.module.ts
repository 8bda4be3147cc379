import { Module } from '@nestjs/common';
import { MessageModule } from '../message/message.module.js';
import { ProviderModule } from '../provider/provider.module.js';
import { AuthGrpcController } from './auth.grpc.controller.js';
import { AuthHttpController } from './auth.http.controller.js';
import { AuthService } from './auth.service.js';
import { CredentialStore } from './credential.store.js';

@Module({
  imports: [MessageModule, ProviderModule],
  providers: [AuthService, CredentialStore],
  controllers: [AuthGrpcController, AuthHttpController],
})
export class AuthModule {}
