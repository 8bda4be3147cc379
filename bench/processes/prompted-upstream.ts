import { FaultyUpstream } from '../../test/faults/faulty-upstream.js';
import { serve } from '../remote.js';

/** A small OpenCode that answers a prompt with as many words as it says (`SAY:n`), as fast as OpenCode can be. */
export type PromptedUpstreamCommands = typeof commands;

const commands = {
  async start(): Promise<string> {
    return (await FaultyUpstream.start()).url;
  },
};

serve(commands);
