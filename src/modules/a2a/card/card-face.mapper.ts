import { AgentCard, type AgentExtension, type AgentInterface, type SecurityScheme } from '@a2a-js/sdk';
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { A2A_VERSIONS, type A2AVersion } from '../a2a.call.js';

/** The shapes in which a card is told: that of one version, or one that readers of either understand. */
export type CardFace = A2AVersion | 'both';

/**
 * The face for who asks for a version, as `A2A-Version` has it.
 *
 * Who names none, or one that is not spoken, gets what readers of every spoken version understand: a card is there to find out.
 */
export function faceFor(asked: string | undefined, spoken: readonly A2AVersion[]): CardFace {
  const [major, minor] = asked?.trim().split('.') ?? [];
  const version = A2A_VERSIONS.find((known) => known === `${major}.${minor ?? '0'}`);
  if (version !== undefined && spoken.includes(version)) return version;
  return spoken.length > 1 ? 'both' : (spoken[0] ?? '1.0');
}

/** @param protocolVersion - what readers of 0.3 are told */
export function toFace(card: AgentCard, face: CardFace, protocolVersion: string): JsonObject {
  switch (face) {
    case '1.0':
      return toCurrent(card);
    case '0.3':
      return toLegacy(card, protocolVersion);
    case 'both':
      return toBoth(card, protocolVersion);
  }
}

function toCurrent(card: AgentCard): JsonObject {
  return AgentCard.toJSON(card) as JsonObject;
}

function toLegacy(card: AgentCard, protocolVersion: string): JsonObject {
  const [preferred, ...others] = card.supportedInterfaces.filter((one) => one.protocolVersion === '0.3');
  if (preferred === undefined) throw new Error('no interface speaks A2A 0.3');
  return {
    protocolVersion,
    name: card.name,
    description: card.description,
    version: card.version,
    ...(card.documentationUrl !== undefined && { documentationUrl: card.documentationUrl }),
    url: preferred.url,
    preferredTransport: preferred.protocolBinding,
    additionalInterfaces: [preferred, ...others].map(toLegacyInterface),
    capabilities: toLegacyCapabilities(card),
    securitySchemes: Object.fromEntries(Object.entries(card.securitySchemes).map(([name, scheme]) => [name, toLegacyScheme(scheme)])),
    security: card.securityRequirements.map(({ schemes }) =>
      Object.fromEntries(Object.entries(schemes).map(([name, { list }]) => [name, [...list]])),
    ),
    defaultInputModes: card.defaultInputModes,
    defaultOutputModes: card.defaultOutputModes,
    skills: card.skills.map(({ id, name, description, tags, examples }) => ({ id, name, description, tags, examples })),
    supportsAuthenticatedExtendedCard: card.capabilities?.extendedAgentCard ?? false,
  };
}

/** Where the two versions name different things alike, as in security schemes, what is told has the fields of both. */
function toBoth(card: AgentCard, protocolVersion: string): JsonObject {
  const [legacy, current] = [toLegacy(card, protocolVersion), toCurrent(card)];
  return {
    ...legacy,
    ...current,
    capabilities: merged(current['capabilities'], legacy['capabilities']),
    securitySchemes: Object.fromEntries(
      Object.keys(card.securitySchemes).map((name) => [
        name,
        merged(fieldOf(legacy['securitySchemes'], name), fieldOf(current['securitySchemes'], name)),
      ]),
    ),
    skills: legacy['skills'] ?? [],
  };
}

function toLegacyInterface({ url, protocolBinding }: AgentInterface): JsonObject {
  return { url, transport: protocolBinding };
}

function toLegacyCapabilities({ capabilities }: AgentCard): JsonObject {
  return {
    streaming: capabilities?.streaming ?? false,
    pushNotifications: capabilities?.pushNotifications ?? false,
    stateTransitionHistory: false,
    extensions: (capabilities?.extensions ?? []).map(toLegacyExtension),
  };
}

function toLegacyExtension({ uri, description, required, params }: AgentExtension): JsonObject {
  return { uri, description, required, ...(params && { params }) };
}

function toLegacyScheme({ scheme }: SecurityScheme): JsonObject {
  switch (scheme?.$case) {
    case 'httpAuthSecurityScheme': {
      const { description, scheme: name, bearerFormat } = scheme.value;
      return { type: 'http', scheme: name, ...(bearerFormat !== '' && { bearerFormat }), description };
    }
    case 'mtlsSecurityScheme':
      return { type: 'mutualTLS', description: scheme.value.description };
    default:
      throw new Error(`no card of ours has ${scheme?.$case ?? 'an empty security scheme'}`);
  }
}

const merged = (left: JsonValue | undefined, right: JsonValue | undefined): JsonObject => ({ ...objectOf(left), ...objectOf(right) });
const fieldOf = (value: JsonValue | undefined, name: string): JsonValue | undefined => objectOf(value)[name];
const objectOf = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
