import { readConfig } from '../../../common/config/config.js';
import { contractContext } from '../contracts/contract-context.js';
import { agentCard, type CardFacts } from './agent-card.js';
import { faceFor, toFace } from './card-face.mapper.js';

function facts(environment: Record<string, string> = {}, changes: Partial<CardFacts> = {}): CardFacts {
  return {
    title: 'agent',
    description: 'works',
    version: '1.2.3',
    documentationUrl: undefined,
    addresses: { http: 'https://agents.example/a', grpc: 'agents.example:8080' },
    credentials: { bearer: 'opaque', certificate: true },
    context: contractContext(readConfig(environment)),
    ...changes,
  };
}

describe('faceFor', () => {
  it.each([
    [undefined, ['0.3', '1.0'], 'both'],
    ['', ['0.3', '1.0'], 'both'],
    ['1.0', ['0.3', '1.0'], '1.0'],
    ['1.0.1', ['0.3', '1.0'], '1.0'],
    ['1', ['0.3', '1.0'], '1.0'],
    ['0.3', ['0.3', '1.0'], '0.3'],
    ['0.3.0', ['0.3', '1.0'], '0.3'],
    ['2.0', ['0.3', '1.0'], 'both'],
    [undefined, ['1.0'], '1.0'],
    ['0.3', ['1.0'], '1.0'],
    [undefined, ['0.3'], '0.3'],
    ['1.0', ['0.3'], '0.3'],
  ] as const)('gives who asks for %j, where %j is spoken, the face %s', (asked, spoken, face) => {
    expect(faceFor(asked, spoken)).toBe(face);
  });
});

describe('the faces of a card', () => {
  it('have every binding in both versions, the preferred one first', () => {
    const { supportedInterfaces } = toFace(agentCard(facts(), 'public'), '1.0', '0.3.0');

    expect(supportedInterfaces).toEqual(
      ['1.0', '0.3'].flatMap((protocolVersion) => [
        { url: 'https://agents.example/a', protocolBinding: 'HTTP+JSON', protocolVersion },
        { url: 'https://agents.example/a', protocolBinding: 'JSONRPC', protocolVersion },
        { url: 'agents.example:8080', protocolBinding: 'GRPC', protocolVersion },
      ]),
    );
  });

  it('T9 prefer HTTP+JSON and declare JSON-RPC too, to readers of 0.3', () => {
    expect(toFace(agentCard(facts(), 'public'), '0.3', '0.3.0')).toMatchObject({
      protocolVersion: '0.3.0',
      url: 'https://agents.example/a',
      preferredTransport: 'HTTP+JSON',
      additionalInterfaces: [
        { transport: 'HTTP+JSON', url: 'https://agents.example/a' },
        { transport: 'JSONRPC', url: 'https://agents.example/a' },
        { transport: 'GRPC', url: 'agents.example:8080' },
      ],
      supportsAuthenticatedExtendedCard: true,
    });
  });

  it('are of one version alone where that is asked for', () => {
    const legacy = [
      'url',
      'preferredTransport',
      'additionalInterfaces',
      'protocolVersion',
      'supportsAuthenticatedExtendedCard',
      'security',
    ];

    expect(Object.keys(toFace(agentCard(facts(), 'public'), '1.0', '0.3.0'))).toEqual(expect.not.arrayContaining(legacy));
    expect(toFace(agentCard(facts(), 'public'), '0.3', '0.3.0')).not.toHaveProperty('supportedInterfaces');
  });

  it('have the fields of both for who names no version, and keep that there is an extended card', () => {
    const [legacy, current, both] = (['0.3', '1.0', 'both'] as const).map((face) => toFace(agentCard(facts(), 'callers'), face, '0.3.0'));

    expect(both).toMatchObject(legacy ?? {});
    expect(both).toMatchObject(current ?? {});
    expect(both).toMatchObject({ capabilities: { extendedAgentCard: true, stateTransitionHistory: false } });
  });

  it('tell the ways to show who one is in the words of each version', () => {
    const schemes = {
      '0.3': { bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'opaque' }, clientCertificate: { type: 'mutualTLS' } },
      '1.0': {
        bearerAuth: { httpAuthSecurityScheme: { scheme: 'bearer', bearerFormat: 'opaque' } },
        clientCertificate: { mtlsSecurityScheme: {} },
      },
    };
    const card = agentCard(facts(), 'public');

    expect(toFace(card, '0.3', '0.3.0')).toMatchObject({
      securitySchemes: schemes['0.3'],
      security: [{ bearerAuth: [] }, { clientCertificate: [] }],
    });
    expect(toFace(card, '1.0', '0.3.0')).toMatchObject({
      securitySchemes: schemes['1.0'],
      securityRequirements: [{ schemes: { bearerAuth: {} } }, { schemes: { clientCertificate: {} } }],
    });
  });

  it('ask for nothing where anybody may call', () => {
    const card = agentCard(facts({}, { credentials: { bearer: undefined, certificate: false } }), 'public');

    expect(toFace(card, '0.3', '0.3.0')).toMatchObject({ securitySchemes: {}, security: [] });
    expect(toFace(card, '1.0', '0.3.0')).not.toHaveProperty('securityRequirements');
  });

  it('leave out the doors that are closed', () => {
    const card = agentCard(facts({}, { addresses: { http: undefined, grpc: 'localhost:8080' } }), 'public');

    expect(toFace(card, '0.3', '0.3.0')).toMatchObject({ url: 'localhost:8080', preferredTransport: 'GRPC' });
  });

  it('speak of one version alone where one is spoken', () => {
    const { supportedInterfaces } = agentCard(facts({ A2A_VERSIONS: '1.0' }), 'public');

    expect(supportedInterfaces.map(({ protocolVersion }) => protocolVersion)).toEqual(['1.0', '1.0', '1.0']);
  });
});
