import type { DescMethod } from '@bufbuild/protobuf';
import { PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import { protoServices } from './proto-types.js';

const methods = new Map(
  protoServices.flatMap(({ typeName, methods }) => methods.map((method): [string, DescMethod] => [`${typeName}/${method.name}`, method])),
);

/** The method that a handler declared with \@GrpcMethod answers. */
export function methodOfHandler(handler: object): DescMethod | undefined {
  const [pattern] = (Reflect.getMetadata(PATTERN_METADATA, handler) ?? []) as { readonly service: string; readonly rpc: string }[];
  return pattern && methods.get(`${pattern.service}/${pattern.rpc}`);
}
