import type { AgentCard, AgentExtension, AgentInterface, SecurityScheme } from '@a2a-js/sdk';
import type { ContractContext } from '../contracts/contract-context.js';
import { extensionContracts } from '../contracts/contracts.js';
import { agentSkills } from './agent-skills.js';

/** What of this gateway its card tells. */
export interface CardFacts {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly documentationUrl: string | undefined;
  /** Where the doors are; undefined: closed. */
  readonly addresses: { readonly http: string | undefined; readonly grpc: string | undefined };
  /** How callers show who they are; any of them will do, and none when anybody may call. */
  readonly credentials: { readonly bearer: 'opaque' | 'any' | undefined; readonly certificate: boolean };
  readonly context: ContractContext;
}

/** Everybody may read the one; callers read the other, which has what helps to call. */
export type CardAudience = 'public' | 'callers';

/**
 * The card of the agent, as the protocol library has it.
 *
 * The public one tells nothing of the deployment: no project, no model, no method but those of A2A. Neither tells where on the host
 * the agent works.
 */
export function agentCard(facts: CardFacts, audience: CardAudience): AgentCard {
  const { context } = facts;
  return {
    name: facts.title,
    description: descriptionOf(facts, audience),
    supportedInterfaces: interfacesOf(facts),
    provider: undefined,
    version: facts.version,
    ...(facts.documentationUrl !== undefined && { documentationUrl: facts.documentationUrl }),
    capabilities: {
      streaming: true,
      pushNotifications: context.push,
      extensions: extensionsOf(context, audience),
      extendedAgentCard: true,
    },
    ...securityOf(facts),
    defaultInputModes: ['text/plain', 'application/octet-stream', ...(context.dataParts ? ['application/json'] : [])],
    defaultOutputModes: ['text/plain', 'application/json'],
    skills: agentSkills(context, audience),
    signatures: [],
  };
}

/** The preferred one first. Clients of 0.3 add `/v1` to the address of HTTP+JSON by themselves. */
function interfacesOf({ addresses: { http, grpc }, context }: CardFacts): AgentInterface[] {
  const bindings = [
    { protocolBinding: 'HTTP+JSON', url: http },
    { protocolBinding: 'JSONRPC', url: http },
    { protocolBinding: 'GRPC', url: grpc },
  ];
  const newestFirst = [...context.versions].reverse();
  return newestFirst.flatMap((protocolVersion) =>
    bindings.flatMap(({ protocolBinding, url }) => (url === undefined ? [] : [{ url, protocolBinding, tenant: '', protocolVersion }])),
  );
}

function extensionsOf(context: ContractContext, audience: CardAudience): AgentExtension[] {
  return extensionContracts(context).map(({ uri, description, params }) => ({
    uri,
    description,
    required: false,
    params: audience === 'public' ? undefined : params,
  }));
}

function securityOf({ credentials: { bearer, certificate } }: CardFacts): Pick<AgentCard, 'securitySchemes' | 'securityRequirements'> {
  const schemes: Record<string, SecurityScheme> = {};
  if (bearer !== undefined) {
    const value = { description: 'Bearer token', scheme: 'bearer', bearerFormat: bearer === 'opaque' ? 'opaque' : '' };
    schemes['bearerAuth'] = { scheme: { $case: 'httpAuthSecurityScheme', value } };
  }
  if (certificate) {
    const value = { description: 'Client certificate, on the gRPC port' };
    schemes['clientCertificate'] = { scheme: { $case: 'mtlsSecurityScheme', value } };
  }
  return { securitySchemes: schemes, securityRequirements: Object.keys(schemes).map((name) => ({ schemes: { [name]: { list: [] } } })) };
}

const METHODS = {
  '0.3': 'message/send, message/stream, tasks/get, tasks/cancel, tasks/resubscribe',
  '1.0': 'SendMessage, SendStreamingMessage, GetTask, ListTasks, CancelTask, SubscribeToTask',
} as const;

function descriptionOf({ description, addresses: { http, grpc }, context }: CardFacts, audience: CardAudience): string {
  const transports = [...(http === undefined ? [] : ['HTTP+JSON', 'JSON-RPC']), ...(grpc === undefined ? [] : ['gRPC'])];
  const methods = context.versions.map((version) => `A2A ${version} (${METHODS[version]})`);
  const sentences = [
    `${description.trim().replace(/\.$/, '')}.`,
    `Speaks ${listed(methods)} over ${listed(transports)} transports.`,
    'Intended for single-tenant, self-hosted coding workflows: sessions are of who began them, and all consumers share the same underlying OpenCode workspace/environment.',
  ];
  if (audience === 'callers') {
    if (context.project !== undefined) sentences.push(`Deployment project: ${context.project}.`);
    if (context.model !== undefined) sentences.push(`Default upstream model: ${context.model.providerID}/${context.model.modelID}.`);
  }
  return sentences.join(' ');
}

const listed = (items: readonly string[]): string => new Intl.ListFormat('en-GB').format(items);
