/** The canonical gRPC codes, by name. @see https://grpc.io/docs/guides/status-codes/ */
export type GatewayErrorCode =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED';

/** A field of a request that is wrong, under its name in the proto file, and what is wrong with it. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

export interface GatewayErrorDetails {
  /** For programs: UPPER_SNAKE_CASE, stable. Defaults to the code. */
  readonly reason?: string;
  /** Facts that belong to the reason; sent to the caller. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
  readonly retryAfterMs?: number;
  /** For the log; never sent. */
  readonly cause?: unknown;
}

/**
 * The one error that services throw.
 *
 * `message` is for the caller and names the thing that was wrong; `cause` is for the log.
 */
export class GatewayError extends Error {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly code: GatewayErrorCode,
    message: string,
    details: GatewayErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.name = 'GatewayError';
    this.reason = details.reason ?? code;
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }

  /** A request whose field is wrong. `field` is its name in the proto file, with indexes: `parts[0].file.url`. */
  static invalid(field: string, description: string): GatewayError {
    return GatewayError.invalidFields([{ field, description }]);
  }

  static invalidFields(violations: readonly FieldViolation[]): GatewayError {
    const message = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
    return new GatewayError('INVALID_ARGUMENT', message, { reason: 'INVALID_FIELD', violations });
  }

  static notFound(what: string, id: string): GatewayError {
    return new GatewayError('NOT_FOUND', `${what} ${id} not found`, {
      reason: `${what.toUpperCase().replaceAll(' ', '_')}_NOT_FOUND`,
      metadata: { id },
    });
  }
}

/** To everybody who calls or reads while this gateway ends. */
export function shuttingDown(): GatewayError {
  return new GatewayError('UNAVAILABLE', 'The gateway is shutting down', { reason: 'SHUTTING_DOWN', retryAfterMs: 1_000 });
}

/** For `catch`, where what is missing is normal. */
export function unlessMissing(error: unknown): undefined {
  if (error instanceof GatewayError && error.code === 'NOT_FOUND') return undefined;
  throw error;
}
