#!/usr/bin/env node
import 'reflect-metadata';
import { startGateway, type Gateway } from './app.js';
import { readConfig, StartError } from './common/config/config.js';
import { packageVersion } from './common/config/package-version.js';
import { GatewayError } from './common/errors/gateway-error.js';
import { LogScrubber } from './common/redaction/log-scrubber.js';

const READY_TIMEOUT_MS = 10_000;

const USAGE = `Usage: opencode-gateway [serve | version | help]

  serve    start the gateway (default); settings are environment variables, listed in the README
  version  print the version
  help     print this text`;

/** What an operator needs to begin: the addresses, and a line to try on each. */
function greeting({ grpcAddress, httpUrl }: Gateway, plaintext: string): string {
  const lines = ['opencode-gateway is ready'];
  if (grpcAddress !== undefined)
    lines.push(`  gRPC  ${grpcAddress}   try: grpcurl ${plaintext}${grpcAddress} opencode.v1.OpenCodeService/GetSession`);
  if (httpUrl !== undefined) lines.push(`  HTTP  ${httpUrl}   try: curl ${httpUrl}/session`);
  return lines.join('\n');
}

async function serve(): Promise<void> {
  const config = readConfig(process.env);
  const gateway = await startGateway(config, process.env);
  let stopping = false;
  const stop = (): void => {
    // A second signal means: now.
    if (stopping) process.exit(1);
    stopping = true;
    gateway.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const ready = await gateway.untilReady(READY_TIMEOUT_MS);
  if (stopping) return;
  const text = greeting(gateway, config.TLS_CERT_FILE === undefined ? '-plaintext ' : '');
  console.log(ready ? text : text.replace('is ready', 'waits for OpenCode; calls answer UNAVAILABLE until it is there'));
}

/** One line that names the cause; a stack trace only for what nobody foresaw. It may be OpenCode's words: no secrets in either. */
function fail(error: unknown): never {
  const foreseen = error instanceof StartError || error instanceof GatewayError;
  const text = foreseen ? `opencode-gateway: ${error.message}` : error instanceof Error ? error.stack : String(error);
  console.error(new LogScrubber(process.env).scrub(text ?? ''));
  process.exit(1);
}

process.on('uncaughtException', fail);

const [command = 'serve', ...rest] = process.argv.slice(2);
if (rest.length > 0 || !['serve', 'version', '--version', 'help', '--help', '-h'].includes(command))
  fail(new StartError(`unknown command: ${[command, ...rest].join(' ')}; try help`));
else if (command === 'serve') await serve().catch(fail);
else console.log(command.includes('version') ? packageVersion() : USAGE);
