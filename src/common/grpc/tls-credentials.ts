import { ServerCredentials } from '@grpc/grpc-js';
import { HANDSHAKE_TIMEOUT_MS, type TlsFiles } from '../tls/tls-files.js';

/**
 * TLS on the gRPC port, with certificates that may change.
 *
 * Clients may show certificates and need not: who shows none, or one that nobody vouches for, is asked for a token. grpc-js's own
 * credentials refuse such connections, or never change.
 */
export class TlsServerCredentials extends ServerCredentials {
  constructor(tls: TlsFiles) {
    super({ requestCert: tls.context.ca !== undefined, rejectUnauthorized: false, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, tls.context);
    tls.onChange((context) => this.updateSecureContextOptions(context));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
