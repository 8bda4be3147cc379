import { methodName, protoServices } from '../grpc/proto-types.js';
import { originalOf } from '../grpc/aggregate.js';
import { METHOD_SCOPES, requirementOf } from './scopes.js';

const methods = protoServices.flatMap((service) => service.methods);

describe('the table of scopes', () => {
  it.each(methods.map((method) => [methodName(method), method] as const))('says who may call %s', (_, method) => {
    expect(requirementOf(method)).toMatch(/^(read|write|approve|files|shell|auth|admin|open)$/);
  });

  it('has no row of something else', () => {
    const originals = new Set(methods.map((method) => methodName(originalOf(method))));

    expect(Object.keys(METHOD_SCOPES).filter((name) => !originals.has(name))).toEqual([]);
  });

  it('opens nothing but the health to everybody', () => {
    expect(methods.filter((method) => requirementOf(method) === 'open').map(methodName)).toEqual(['opencode.v1.OpenCodeService/Health']);
  });
});
