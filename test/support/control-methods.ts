import { end } from './asks.js';
import { script } from './scripted-model.js';

export const PROMPT = 'opencode.sessions.prompt_async';
export const COMMAND = 'opencode.sessions.command';
export const SHELL = 'opencode.sessions.shell';
/** The extension methods that work with a session, and a request that each takes. */
export const CONTROLS: readonly (readonly [string, object])[] = [
  [PROMPT, { parts: [{ type: 'text', text: script([end]) }] }],
  [COMMAND, { command: 'greet', arguments: 'x' }],
  [SHELL, { agent: 'build', command: 'true' }],
];
