import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../../config/config.js';
import { encodeDescriptors } from '../../grpc/descriptors.js';
import { createOpenapi } from '../openapi/openapi.js';
import { OpenapiParts } from '../openapi/openapi-parts.js';
import { Asset } from './asset.js';
import { CONTENT_SECURITY_POLICY, DOCS_PAGE, DOCS_SCRIPT } from './docs-page.js';

const SCRIPT_TYPE = 'text/javascript; charset=utf-8';

function swaggerUi(file: string, type: string): Asset {
  return new Asset(type, () => readFileSync(createRequire(import.meta.url).resolve(`swagger-ui-dist/${file}`)));
}

/**
 * The contract, published: as OpenAPI, as descriptors, and as pages to read.
 *
 * What says something of this gateway needs the same token as any call. The page itself is the same everywhere and open:
 * a browser that opens it has no token to show yet.
 */
@Controller()
export class DocsController {
  private readonly openapi: Asset;
  private readonly descriptors = new Asset('application/x-protobuf', encodeDescriptors);
  private readonly page = new Asset('text/html; charset=utf-8', () => DOCS_PAGE, { 'content-security-policy': CONTENT_SECURITY_POLICY });
  private readonly script = new Asset(SCRIPT_TYPE, () => DOCS_SCRIPT);
  private readonly bundle = swaggerUi('swagger-ui-bundle.js', SCRIPT_TYPE);
  private readonly styles = swaggerUi('swagger-ui.css', 'text/css; charset=utf-8');

  constructor(@Inject(CONFIG) { PUBLIC_URL }: Config, parts: OpenapiParts) {
    this.openapi = new Asset('application/json; charset=utf-8', () => JSON.stringify(createOpenapi(PUBLIC_URL, parts.all())));
  }

  @Get('openapi.json')
  getOpenapi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.openapi.send(request, reply);
  }

  @Get('descriptors.binpb')
  getDescriptors(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.descriptors.send(request, reply);
  }

  @Get('docs')
  getPage(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.page.send(request, reply);
  }

  @Get('docs/docs.js')
  getScript(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.script.send(request, reply);
  }

  @Get('docs/swagger-ui-bundle.js')
  getBundle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.bundle.send(request, reply);
  }

  @Get('docs/swagger-ui.css')
  getStyles(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.styles.send(request, reply);
  }
}
