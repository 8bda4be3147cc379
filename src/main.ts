#!/usr/bin/env node
import { allowsAnonymous, readConfig, StartError } from './common/config/config.js';
import { packageVersion } from './common/config/package-version.js';
import { GatewayError } from './common/errors/gateway-error.js';
import { LogScrubber } from './common/redaction/log-scrubber.js';

const USAGE = `Usage: opencode-gateway [serve | healthcheck [--ready] | config | version | help]

  serve        start the gateway (default); settings are environment variables, listed in the README
  healthcheck  ask the gateway of this machine, by the same settings, whether it lives; with --ready: whether it is ready for calls
  config       check the settings, and print those that are in force
  version      print the version
  help         print this text`;

/** Each loads what it needs and no more: a health check runs every few seconds. */
const commands: Readonly<Record<string, () => Promise<void>>> = {
  serve: async () => {
    const { serve } = await import('./cli/serve.js');
    await serve(readConfig(process.env), process.env);
  },
  healthcheck: async () => {
    const { healthcheck } = await import('./cli/healthcheck.js');
    console.log(await healthcheck(readConfig(process.env), 'live'));
  },
  'healthcheck --ready': async () => {
    const { healthcheck } = await import('./cli/healthcheck.js');
    console.log(await healthcheck(readConfig(process.env), 'ready'));
  },
  config: async () => {
    const { linesOf } = await import('./cli/config-lines.js');
    const config = readConfig(process.env);
    // Refuses what would be open to a network by accident, as a start does.
    allowsAnonymous(config);
    console.log(linesOf(config).join('\n'));
  },
  version: async () => console.log(packageVersion()),
  help: async () => console.log(USAGE),
};

const SYNONYMS: Readonly<Record<string, string>> = { '': 'serve', '--version': 'version', '--help': 'help', '-h': 'help' };

/** One line that names the cause; a stack trace only for what nobody foresaw. It may be OpenCode's words: no secrets in either. */
function fail(error: unknown): never {
  const foreseen = error instanceof StartError || error instanceof GatewayError;
  const text = foreseen ? `opencode-gateway: ${error.message}` : error instanceof Error ? error.stack : String(error);
  console.error(new LogScrubber(process.env).scrub(text ?? ''));
  process.exit(1);
}

process.on('uncaughtException', fail);

const asked = process.argv.slice(2).join(' ');
const command = commands[SYNONYMS[asked] ?? asked];
if (command === undefined) fail(new StartError(`unknown command: ${asked}; try help`));
else await command().catch(fail);
