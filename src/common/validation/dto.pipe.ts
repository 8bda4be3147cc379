import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { GatewayError, type FieldViolation } from '../errors/gateway-error.js';

/** `sessionId` → `session_id`: violations speak of fields as the proto files do, on both doors. */
function toProtoName(property: string): string {
  return property.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toViolations(errors: readonly ValidationError[], prefix = ''): FieldViolation[] {
  return errors.flatMap((error) => {
    const field = `${prefix}${toProtoName(error.property)}`;
    const own = Object.values(error.constraints ?? {}).map((description) => ({ field, description }));
    return [...own, ...toViolations(error.children ?? [], `${field}.`)];
  });
}

/**
 * Checks the meaning of a request (id forms, ranges) by its DTO class, with the same words on both doors.
 *
 * Types are the codec's business. A parameter whose class has no rules passes untouched.
 */
@Injectable()
export class DtoPipe implements PipeTransform {
  private readonly hasRules = new Map<Type, boolean>();

  /** @throws GatewayError INVALID_ARGUMENT naming every field that is wrong. */
  transform(value: unknown, { metatype }: ArgumentMetadata): unknown {
    if (metatype === undefined || typeof value !== 'object' || value === null || !this.isDto(metatype)) return value;
    const dto: object = Object.assign(Object.create(metatype.prototype as object) as object, value);
    const errors = validateSync(dto, { forbidUnknownValues: false });
    if (errors.length > 0) throw GatewayError.invalidFields(toViolations(errors));
    return dto;
  }

  private isDto(type: Type): boolean {
    let known = this.hasRules.get(type);
    if (known === undefined) {
      known = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false).length > 0;
      this.hasRules.set(type, known);
    }
    return known;
  }
}
