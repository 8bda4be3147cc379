import { Module } from '@nestjs/common';
import { OpenapiParts } from '../../common/http/openapi/openapi-parts.js';
import { EventModule } from '../event/event.module.js';
import { HealthHttpController } from './health.http.controller.js';
import { HEALTH_OPENAPI } from './health.openapi.js';
import { HealthService } from './health.service.js';

@Module({
  imports: [EventModule],
  providers: [HealthService],
  controllers: [HealthHttpController],
  exports: [HealthService],
})
export class HealthModule {
  constructor(parts: OpenapiParts) {
    parts.add(() => HEALTH_OPENAPI);
  }
}
