import type { AgentCard } from '@a2a-js/sdk';
import type { JsonObject } from '@bufbuild/protobuf';
import { Inject, Injectable } from '@nestjs/common';
import { allowsAnonymous, CONFIG, type Config } from '../../../common/config/config.js';
import { packageVersion } from '../../../common/config/package-version.js';
import { PublicAddresses } from '../../../common/config/public-addresses.js';
import { contractContext, type ContractContext } from '../contracts/contract-context.js';
import { agentCard, type CardAudience, type CardFacts } from './agent-card.js';
import { faceFor, toFace, type CardFace } from './card-face.mapper.js';

/** Who the agent is and how it is called. */
@Injectable()
export class CardService {
  private readonly context: ContractContext;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly addresses: PublicAddresses,
  ) {
    this.context = contractContext(config);
  }

  /** What everybody may read. */
  publicCard(): AgentCard {
    return agentCard(this.facts(), 'public');
  }

  /** What callers may read: with the contracts of the extensions, and examples. */
  extendedCard(): AgentCard {
    return agentCard(this.facts(), 'callers');
  }

  /** @param asked - the version that the reader names, if any */
  faceFor(asked: string | undefined): CardFace {
    return faceFor(asked, this.context.versions);
  }

  /** A card as JSON, in the shape of a version. */
  inFace(audience: CardAudience, face: CardFace): JsonObject {
    return toFace(agentCard(this.facts(), audience), face, this.config.A2A_PROTOCOL_VERSION);
  }

  private facts(): CardFacts {
    const { config, context } = this;
    return {
      title: config.A2A_TITLE,
      description: config.A2A_DESCRIPTION,
      version: config.A2A_VERSION ?? packageVersion(),
      documentationUrl: config.A2A_DOCUMENTATION_URL,
      addresses: { http: this.addresses.http, grpc: this.addresses.grpc },
      credentials: credentialsOf(config),
      context,
    };
  }
}

function credentialsOf(config: Config): CardFacts['credentials'] {
  if (allowsAnonymous(config)) return { bearer: undefined, certificate: false };
  const ownTokens = [config.ACCESS_TOKEN, config.A2A_BEARER_TOKEN, config.ACCESS_TOKENS_FILE].some((setting) => setting !== undefined);
  const jwts = config.ACCESS_JWT_ISSUER !== undefined;
  return { bearer: jwts ? 'any' : ownTokens ? 'opaque' : undefined, certificate: config.ACCESS_CERTIFICATES_FILE !== undefined };
}
