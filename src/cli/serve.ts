import 'reflect-metadata';
import { tuneHeap } from '../app.heap.js';
import { startGateway, type Gateway } from '../app.js';
import type { Config } from '../common/config/config.js';

const READY_TIMEOUT_MS = 10_000;

/** What an operator needs to begin: the addresses, and a line to try on each. */
function greeting({ grpcAddress, httpUrl }: Gateway, plaintext: string): string {
  const lines = ['opencode-gateway is ready'];
  if (grpcAddress !== undefined)
    lines.push(`  gRPC  ${grpcAddress}   try: grpcurl ${plaintext}${grpcAddress} opencode.v1.OpenCodeService/GetSession`);
  if (httpUrl !== undefined) lines.push(`  HTTP  ${httpUrl}   try: curl ${httpUrl}/session`);
  return lines.join('\n');
}

/**
 * Starts the gateway, which a signal ends, and says where it is.
 *
 * @throws StartError in one line when it cannot start
 */
export async function serve(config: Config, environment: NodeJS.ProcessEnv): Promise<void> {
  tuneHeap();
  // Until it is started nobody is served, and an OpenCode that was started ends with us.
  let onSignal = (): void => process.exit(0);
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => onSignal());
  const gateway = await startGateway(config, environment);
  onSignal = () => {
    stopping = true;
    // A second signal means: now.
    onSignal = () => process.exit(1);
    setTimeout(() => process.exit(0), config.DRAIN_DELAY_MS + config.DRAIN_TIMEOUT_MS);
    // What fails here is nobody's to catch, and ends the process.
    void gateway.stop().then(() => process.exit(0));
  };
  const ready = await gateway.untilReady(READY_TIMEOUT_MS);
  if (stopping) return;
  const text = greeting(gateway, config.TLS_CERT_FILE === undefined ? '-plaintext ' : '');
  console.log(ready ? text : text.replace('is ready', 'waits for OpenCode; calls answer UNAVAILABLE until it is there'));
}
