import { create, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { protoFiles } from './proto-types.js';

/** Every file the gRPC door speaks as a google.protobuf.FileDescriptorSet, imports before importers, as protoc and buf read it. */
export function encodeDescriptors(): Uint8Array {
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: protoFiles.map(({ proto }) => proto) }));
}
