import type { AgentSkill } from '@a2a-js/sdk';
import type { ContractContext } from '../contracts/contract-context.js';
import { extensionMethods } from '../contracts/contract-methods.js';

type Skill = Pick<AgentSkill, 'id' | 'name' | 'description' | 'tags' | 'examples'>;

function chat({ project }: ContractContext): Skill {
  return {
    id: 'opencode.chat',
    name: 'OpenCode Chat',
    description: 'Works on code in the workspace: takes text and files, streams its answer, its thoughts and its tools.',
    tags: ['assistant', 'coding', 'opencode', 'core-a2a', 'portable'],
    examples: [
      'Explain what this repository does.',
      'Summarize the API endpoints in this project.',
      'Review the attached diff and summarize the highest-risk findings.',
      ...(project === undefined ? [] : [`Summarize current work items for project ${project}.`]),
    ],
  };
}

function sessions(context: ContractContext): Skill {
  return {
    id: 'opencode.sessions.query',
    name: 'OpenCode Sessions Query',
    description: 'Tells of sessions, their messages, todos and changes, and works in them, by JSON-RPC methods of this agent alone.',
    tags: ['opencode', 'sessions', 'history', 'provider-private'],
    examples: extensionMethods(context, 'session_query').map(({ method }) => `Call ${method} on the JSON-RPC interface.`),
  };
}

const PROVIDERS: Skill = {
  id: 'opencode.providers.query',
  name: 'OpenCode Provider Catalog',
  description: 'Tells the providers and models that can be chosen, by JSON-RPC methods of this agent alone.',
  tags: ['opencode', 'providers', 'models', 'provider-private'],
  examples: [
    'List available providers (method opencode.providers.list).',
    'List available models for a provider (method opencode.models.list).',
  ],
};

const INTERRUPTS: Skill = {
  id: 'opencode.interrupt.callback',
  name: 'Shared Interrupt Callback',
  description: 'Takes answers to what the agent asks: by a message to the task, or by the JSON-RPC methods a2a.interrupt.*.',
  tags: ['interrupt', 'permission', 'question', 'shared'],
  examples: ['Reply once/always/reject to a permission request by request_id.', 'Submit answers for a question request by request_id.'],
};

/** What the agent can do. Examples are told to callers alone: they name the project and the methods. */
export function agentSkills(context: ContractContext, audience: 'public' | 'callers'): AgentSkill[] {
  return [chat(context), sessions(context), PROVIDERS, INTERRUPTS].map((skill) => ({
    ...skill,
    examples: audience === 'public' ? [] : skill.examples,
    inputModes: [],
    outputModes: [],
    securityRequirements: [],
  }));
}
