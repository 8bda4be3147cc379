import { MessageService } from '../grpc/generated/message_pb.js';
import { OpenCodeService as Aggregate } from '../grpc/generated/opencode_pb.js';
import { SessionService } from '../grpc/generated/session_pb.js';
import { methodName, protoServices } from '../grpc/proto-types.js';
import { isUrgent, LARGE_METHODS, maxBytesOf, URGENT_METHODS } from './call-limits.js';

const BOUNDS = { maxBytes: 1_000, maxSmallBytes: 10 };
const methods = protoServices.flatMap((service) => service.methods);

describe('the limits of calls', () => {
  it('name methods of the contract alone', () => {
    const known = new Set(methods.map(methodName));

    expect([...LARGE_METHODS, ...URGENT_METHODS].filter((name) => !known.has(name))).toEqual([]);
  });

  it('give room to every request that has parts or bytes', () => {
    const carriers = methods.filter(({ input }) => input.fields.some(({ name }) => ['parts', 'content', 'attachments'].includes(name)));

    expect(carriers.length).toBeGreaterThan(0);
    expect(carriers.filter((method) => maxBytesOf(method, BOUNDS) !== BOUNDS.maxBytes).map(methodName)).toEqual([]);
  });

  it('hold for the aggregate as for what it stands for', () => {
    expect(maxBytesOf(Aggregate.method.sendMessage, BOUNDS)).toBe(1_000);
    expect(isUrgent(Aggregate.method.abortSession)).toBe(true);
  });

  it('keep everything else small and in line', () => {
    expect([SessionService.method.createSession, undefined].map((method) => maxBytesOf(method, BOUNDS))).toEqual([10, 10]);
    expect([MessageService.method.sendMessage, undefined].map(isUrgent)).toEqual([false, false]);
  });

  it('never let a small request be larger than a large one', () => {
    expect(maxBytesOf(SessionService.method.createSession, { maxBytes: 5, maxSmallBytes: 10 })).toBe(5);
  });
});
