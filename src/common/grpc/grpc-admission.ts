import type { DescMethod } from '@bufbuild/protobuf';
import type { Metadata, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import type { Admission, Credentials } from '../access/admission.js';
import { setCaller } from '../access/caller.js';
import { requirementOf } from '../access/scopes.js';
import { isUrgent } from '../limits/call-limits.js';
import type { CallsInFlight } from '../limits/calls-in-flight.js';
import { toClientCertificate } from './client-certificate.mapper.js';
import { toCallError } from './grpc-error.js';
import { methodName, methodPath, protoServices } from './proto-types.js';

const methods = new Map(protoServices.flatMap((service) => service.methods).map((method) => [methodPath(method), method]));

type InterceptedCall = Parameters<ServerInterceptor>[1];
type Listener = Parameters<InterceptedCall['start']>[0];

/**
 * Asks every call of the contract who makes it, and whether there is room, before its message is read: grpc-js takes nothing off the
 * connection until a call's metadata is passed on. Health and reflection are no methods of the contract.
 *
 * It steps in at the call's start and nowhere else: grpc-js's own intercepting call would stand between every call and its answer
 * (measured: a ninth of the CPU of a unary call).
 */
export function admitOverGrpc(admission: Admission, calls: CallsInFlight): ServerInterceptor {
  const admit = async (method: DescMethod, call: InterceptedCall, metadata: Metadata): Promise<void> => {
    const urgent = isUrgent(method);
    if (!urgent) calls.enter(metadata);
    const caller = await admission.admit(credentialsOf(method, call, metadata), requirementOf(method), urgent);
    if (caller !== undefined) setCaller(metadata, caller);
  };
  const listen = (method: DescMethod, call: InterceptedCall, listener: Listener): Listener => {
    let begun: Metadata | undefined;
    return {
      onReceiveMetadata: (metadata) => {
        begun = metadata;
        admit(method, call, metadata).then(
          () => listener.onReceiveMetadata(metadata),
          (error: unknown) => {
            calls.leave(metadata);
            call.sendStatus(toCallError(error));
          },
        );
      },
      onReceiveMessage: (message) => listener.onReceiveMessage(message),
      onReceiveHalfClose: () => listener.onReceiveHalfClose(),
      // It comes however a call ends, and for some before they were handled.
      onCancel: () => {
        if (begun !== undefined) calls.leave(begun);
        listener.onCancel();
      },
    };
  };
  return ({ path }, call) => {
    const method = methods.get(path);
    if (method !== undefined && requirementOf(method) !== 'open') {
      const start = call.start.bind(call);
      call.start = (listener) => start(listen(method, call, listener));
    }
    // grpc-js asks no more of it than of the call it gave us.
    return call as ServerInterceptingCall;
  };
}

/** grpc-js tells of a certificate only when one of our authorities vouches for it. */
function credentialsOf(method: DescMethod, call: InterceptedCall, metadata: Metadata): Credentials {
  const { sslPeerCertificate } = call.getAuthContext();
  return {
    authorization: firstOf(metadata, 'authorization'),
    certificate: sslPeerCertificate && toClientCertificate(sslPeerCertificate),
    requestId: firstOf(metadata, 'x-request-id'),
    // Without the port.
    peer: call.getPeer().replace(/:\d+$/, ''),
    target: methodName(method),
  };
}

function firstOf(metadata: Metadata, key: string): string | undefined {
  return metadata.get(key)[0]?.toString();
}
