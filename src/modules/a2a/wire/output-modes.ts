import { ContentTypeNotSupportedError } from '@a2a-js/sdk/errors';
import type { Wishes } from './layout.js';

const isWild = (mode: string): boolean => mode === '*/*' || mode === '*';

/** What the media types that a caller takes say of data. */
export function dataWishesOf(outputModes: readonly string[]): Pick<Wishes, 'takesData' | 'wantsJson'> {
  return { takesData: takesData(outputModes), wantsJson: outputModes.some((mode) => essence(mode) === 'application/json') };
}

/** By default everybody takes everything. */
function takesData(outputModes: readonly string[]): boolean {
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
