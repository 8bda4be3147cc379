import { Inject, Injectable } from '@nestjs/common';
import type { ExtensionMethod } from '../extension-method.js';
import { EXTENSION_OPTIONS, type ExtensionOptions } from './extension.options.js';
import { SHELL_METHOD } from './sessions.control.js';

/** Injection token of all that have extension methods, in the order in which these are listed. */
export const METHOD_FAMILIES = Symbol('METHOD_FAMILIES');

export interface MethodFamily {
  readonly methods: readonly ExtensionMethod[];
}

/** The extension methods that this deployment offers. */
@Injectable()
export class ExtensionMethods {
  private readonly byName: ReadonlyMap<string, ExtensionMethod>;

  constructor(
    @Inject(METHOD_FAMILIES) families: readonly MethodFamily[],
    @Inject(EXTENSION_OPTIONS) { allowsShell }: Pick<ExtensionOptions, 'allowsShell'>,
  ) {
    const offered = families.flatMap(({ methods }) => methods).filter(({ name }) => allowsShell || name !== SHELL_METHOD);
    this.byName = new Map(offered.map((method) => [method.name, method]));
  }

  find(name: string): ExtensionMethod | undefined {
    return this.byName.get(name);
  }

  supported(): string[] {
    return [...this.byName.keys()];
  }
}
