import type { JsonObject } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';

/** Routes that are not of the contract, in the words of OpenAPI. */
export interface OpenapiPart {
  readonly tag: JsonObject & { readonly name: string };
  /** By path, then by verb. */
  readonly paths: Readonly<Record<string, JsonObject>>;
  readonly schemas: Readonly<Record<string, JsonObject>>;
}

/** What modules add to the document; they tell it when they are made. */
@Injectable()
export class OpenapiParts {
  private readonly makers: (() => OpenapiPart)[] = [];

  /** @param make - asked when somebody first reads the document */
  add(make: () => OpenapiPart): void {
    this.makers.push(make);
  }

  all(): OpenapiPart[] {
    return this.makers.map((make) => make());
  }
}
