import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { types } from 'node:util';
import { RenewedMap } from '../collections/renewed-map.js';

/** What Node keeps of a connection, under a symbol of its own. */
interface SessionState {
  streams: Map<number, ServerHttp2Stream>;
}

/**
 * Has each connection hold its streams in a table that keeps nothing of those that are gone, in place of Node's own Map: of all that a
 * unary call makes, an eighth came to be old through that Map, and each collection of the young took five times as long (measured,
 * docs/adr/0044-connections-hold-their-streams-in-fresh-tables.md).
 */
export function renewStreamTables(server: Http2Server): void {
  server.on('session', (session) => {
    const state = stateOf(session);
    if (state !== undefined) state.streams = new RenewedMap(state.streams);
  });
}

/** Undefined where Node keeps it otherwise: a call costs more then, and nothing else is lost. */
function stateOf(session: ServerHttp2Session): SessionState | undefined {
  const inside = session as unknown as Readonly<Record<symbol, Partial<SessionState> | undefined>>;
  const states = Object.getOwnPropertySymbols(session).map((symbol) => inside[symbol]);
  return states.find((state): state is SessionState => types.isMap(state?.streams));
}
