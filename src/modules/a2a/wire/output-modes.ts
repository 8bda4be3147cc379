import { ContentTypeNotSupportedError } from '@a2a-js/sdk/errors';

const isWild = (mode: string): boolean => mode === '*/*' || mode === '*';

/** Whether a caller takes structured data; by default everybody takes everything. */
export function takesData(outputModes: readonly string[]): boolean {
  return (
    outputModes.length === 0 || outputModes.some((mode) => isWild(mode) || mode === 'application/*' || essence(mode) === 'application/json')
  );
}

/** An agent's answer is text: who does not take that has no use for it. @throws ContentTypeNotSupportedError */
export function requireText(outputModes: readonly string[]): void {
  if (outputModes.length === 0 || outputModes.some((mode) => isWild(mode) || mode === 'text/*' || essence(mode) === 'text/plain')) return;
  throw new ContentTypeNotSupportedError('acceptedOutputModes: must hold text/plain, in which the agent answers');
}

function essence(mode: string): string {
  return mode.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
