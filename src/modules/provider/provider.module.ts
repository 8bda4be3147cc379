import { Module } from '@nestjs/common';
import { ProviderGrpcController } from './provider.grpc.controller.js';
import { ProviderHttpController } from './provider.http.controller.js';
import { ProviderService } from './provider.service.js';

@Module({ providers: [ProviderService], controllers: [ProviderGrpcController, ProviderHttpController], exports: [ProviderService] })
export class ProviderModule {}
