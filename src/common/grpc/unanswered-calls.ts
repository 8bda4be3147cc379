import type { sendUnaryData } from '@grpc/grpc-js';
import { shuttingDown } from '../errors/gateway-error.js';
import { toCallError } from './grpc-error.js';

/** Unary calls that have begun and wait for their answers. */
export class UnansweredCalls {
  private readonly refusals = new Set<() => void>();

  /** @returns the same callback, which does nothing once the call was refused */
  add<T>(callback: sendUnaryData<T>): sendUnaryData<T> {
    const refuse = (): void => callback(toCallError(shuttingDown()));
    this.refusals.add(refuse);
    return (...answer) => {
      if (this.refusals.delete(refuse)) callback(...answer);
    };
  }

  /** Answers all of them that the gateway ends; how many they were. */
  refuseAll(): number {
    const refusals = [...this.refusals];
    this.refusals.clear();
    for (const refuse of refusals) refuse();
    return refusals.length;
  }
}
