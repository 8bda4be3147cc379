import type { Observable } from 'rxjs';

/** A stream of JSON texts over SSE, for protocols that are not of our contract. */
export class JsonStream<T extends object = object> {
  constructor(
    readonly source$: Observable<T>,
    /** What the stream is, for statistics. */
    readonly method: string,
    readonly wire: JsonWire<T>,
  ) {}
}

/** How the items of a JSON stream look. */
export interface JsonWire<T> {
  toJson(item: T): string;
  /** The stream's last words. */
  errorToJson(error: unknown): string;
  /** SSE's `event:` of these; undefined: they look like any item. */
  readonly errorEvent: string | undefined;
  /** SSE's `id:`. */
  positionOf(item: T): string | undefined;
}
