import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { StartError, type Config } from '../config/config.js';
import { WatchedFiles } from '../config/watched-files.js';

/** A peer that does not finish the handshake by then has no business here. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** What the doors prove themselves with, and by which authorities clients may; renewed files are used for new connections. */
export class TlsFiles {
  private readonly listeners: ((context: SecureContextOptions) => void)[] = [];
  private readonly files: WatchedFiles;
  private current: SecureContextOptions = {};

  /** @throws StartError when they cannot be used */
  private constructor(paths: Readonly<Record<string, string>>) {
    this.files = new WatchedFiles(paths, (cert = '', key = '', ca) => {
      this.current = toContext(cert, key, ca);
      for (const listener of this.listeners) listener(this.current);
    });
  }

  /** Undefined when the doors speak without TLS. @throws StartError when the files cannot be used */
  static of({ TLS_CERT_FILE, TLS_KEY_FILE, TLS_CLIENT_CA_FILE }: Config): TlsFiles | undefined {
    if (TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined) return undefined;
    return new TlsFiles({ TLS_CERT_FILE, TLS_KEY_FILE, ...(TLS_CLIENT_CA_FILE !== undefined && { TLS_CLIENT_CA_FILE }) });
  }

  get context(): SecureContextOptions {
    return this.current;
  }

  /** Tells of every change; connections that are open live on. */
  onChange(listener: (context: SecureContextOptions) => void): void {
    this.listeners.push(listener);
  }

  close(): void {
    this.files.close();
  }
}

function toContext(cert: string, key: string, ca: string | undefined): SecureContextOptions {
  const context = { cert, key, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) } as const;
  try {
    createSecureContext(context);
  } catch (error) {
    throw new StartError(`TLS_CERT_FILE, TLS_KEY_FILE: they are no certificate and its key (${codeOf(error)})`);
  }
  try {
    // A secure context takes no notice of an authority that is none.
    if (ca !== undefined) new X509Certificate(ca);
  } catch (error) {
    throw new StartError(`TLS_CLIENT_CA_FILE: it has no certificate (${codeOf(error)})`);
  }
  return context;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
