import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Asset } from '../../../common/http/docs/asset.js';
import type { CardFace } from './card-face.mapper.js';
import { CardService } from './card.service.js';

const HEADER = 'a2a-version';

/** Cards change with the settings alone, and so with a restart. */
const CACHE_CONTROL = 'public, max-age=300';

/** The public card, under the name of today and that of the first versions; open to everybody. */
@Controller('.well-known')
export class CardHttpController {
  private readonly assets = new Map<CardFace, Asset>();
  private readonly headers = { 'cache-control': CACHE_CONTROL, 'last-modified': new Date().toUTCString() };

  constructor(private readonly cards: CardService) {}

  @Get(['agent-card.json', 'agent.json'])
  getCard(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    void reply.header('vary', [reply.getHeader('vary') ?? [], 'A2A-Version'].flat().join(', '));
    this.assetFor(this.cards.faceFor(versionOf(request))).send(request, reply);
  }

  private assetFor(face: CardFace): Asset {
    const asset =
      this.assets.get(face) ?? new Asset('application/json', () => JSON.stringify(this.cards.inFace('public', face)), this.headers);
    this.assets.set(face, asset);
    return asset;
  }
}

/** The version that the reader names, in the header or in the query. */
function versionOf({ headers, query }: FastifyRequest): string | undefined {
  const fields = Object.entries(query as Readonly<Record<string, unknown>>);
  const named = headers[HEADER] ?? fields.find(([name]) => name.toLowerCase() === HEADER)?.[1];
  return typeof named === 'string' && named !== '' ? named : undefined;
}
