import type { DescMessage, DescMethod } from '@bufbuild/protobuf';
import { OpenCodeService } from './generated/opencode_pb.js';
import { methodPath, protoServices } from './proto-types.js';

/** Seed 000's service has methods of the same names that mean something else. */
const OTHER_CONTRACT = 'opencode.v1.';

function isEmpty(message: DescMessage): boolean {
  return message.fields.length === 0;
}

/** On the wire one empty message is like another, and each package has its own. */
function isSame(left: DescMessage, right: DescMessage): boolean {
  return left === right || (isEmpty(left) && isEmpty(right));
}

function findOriginal(method: DescMethod): DescMethod {
  const original = protoServices
    .filter((service) => service !== OpenCodeService && !service.typeName.startsWith(OTHER_CONTRACT))
    .flatMap((service) => service.methods)
    .find(({ name, input, output }) => name === method.name && isSame(input, method.input) && isSame(output, method.output));
  if (original === undefined) throw new Error(`${methodPath(method)} stands for no method of another service`);
  return original;
}

const originals = new Map(OpenCodeService.methods.map((method) => [method, findOriginal(method)]));

/**
 * The method that a method of the aggregate service stands for; any other stands for itself.
 *
 * Seed 001 lists 15 methods a second time in `opencode.OpenCodeService`, under the same names and with the same messages.
 * They are the same methods, so the same handlers answer them.
 */
export function originalOf(method: DescMethod): DescMethod {
  return originals.get(method) ?? method;
}
