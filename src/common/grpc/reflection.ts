import { toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoFiles } from './proto-types.js';

/**
 * Server reflection, fed from the contract's own descriptors.
 *
 * From proto-loader's package definition it would list services but no tool could resolve their types.
 */
export function createReflection(): ReflectionService {
  const fileDescriptorProtos = protoFiles.map((file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)));
  // The service reads only the descriptors; the rest of the definition's shape is proto-loader's.
  return new ReflectionService({ contract: { fileDescriptorProtos } } as unknown as PackageDefinition);
}
