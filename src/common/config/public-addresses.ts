import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from './config.js';

/** Addresses that mean every one of this machine, and lead nowhere. */
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** The ports of the open doors; with the setting 0 they are known only once these are open. */
export interface DoorPorts {
  readonly http: () => number;
  readonly grpc: () => number;
}

/** Where callers reach the doors, as it is told to them. Without PUBLIC_URL that is good for callers on this machine alone. */
@Injectable()
export class PublicAddresses {
  private ports: DoorPorts;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.ports = { http: () => config.HTTP_PORT, grpc: () => config.GRPC_PORT };
  }

  /** Told by who opens the doors. */
  usePorts(ports: DoorPorts): void {
    this.ports = ports;
  }

  /** Base URL of the HTTP door, without a slash at its end; undefined when it is closed. */
  get http(): string | undefined {
    const { TRANSPORTS, PUBLIC_URL, TLS_CERT_FILE } = this.config;
    if (!TRANSPORTS.includes('http')) return undefined;
    if (PUBLIC_URL !== undefined) return PUBLIC_URL.replace(/\/+$/, '');
    return `${TLS_CERT_FILE === undefined ? 'http' : 'https'}://${this.host}:${this.ports.http()}`;
  }

  /** host:port of the gRPC door; undefined when it is closed. */
  get grpc(): string | undefined {
    return this.config.TRANSPORTS.includes('grpc') ? `${this.host}:${this.ports.grpc()}` : undefined;
  }

  private get host(): string {
    const { PUBLIC_URL, HOST } = this.config;
    if (PUBLIC_URL !== undefined) return new URL(PUBLIC_URL).hostname;
    if (EVERY_ADDRESS.has(HOST)) return 'localhost';
    return HOST.includes(':') ? `[${HOST}]` : HOST;
  }
}
