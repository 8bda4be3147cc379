import { create } from '@bufbuild/protobuf';
import { CommandListSchema, type CommandList } from '../../common/grpc/generated/command_pb.js';
import type { UpstreamCommand } from '../../common/opencode/opencode.catalogue.types.js';
import type { Command } from './command.model.js';

/** Its template is left out, as an agent's instructions are. */
export function fromUpstreamCommand({ name, description, source, agent, model, hints }: UpstreamCommand): Command {
  return { name, description: description ?? '', source: source ?? 'command', agent, model, hints: hints ?? [] };
}

export function toCommandList(commands: readonly Command[]): CommandList {
  return create(CommandListSchema, {
    commands: commands.map(({ name, description, source, agent, model, hints }) => ({
      name,
      description,
      source,
      hints: [...hints],
      ...(agent !== undefined && { agent }),
      ...(model !== undefined && { model }),
    })),
  });
}
