import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../../common/config/config.js';
import { OpenapiParts } from '../../../common/http/openapi/openapi-parts.js';
import { contractContext } from '../contracts/contract-context.js';
import { a2aOpenapi } from './a2a-openapi.mapper.js';

/** Puts the routes of A2A into the OpenAPI document. */
@Injectable()
export class A2AOpenapi {
  constructor(@Inject(CONFIG) config: Config, parts: OpenapiParts) {
    parts.add(() => a2aOpenapi(contractContext(config)));
  }
}
