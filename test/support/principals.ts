import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Door } from './door.js';
import { GrpcDoor } from './grpc.door.js';
import { RestDoor } from './rest.door.js';
import { startTestGateway, type TestGateway } from './test-gateway.js';
import { tokenEntry, tokenOf } from './tokens.js';

/** A gateway with callers that it tells from each other, each of whom may do everything. */
export interface Principals {
  readonly test: TestGateway;
  /** A door with the token of that name; who was not named before shows an unknown one. */
  doorOf(name: 'gRPC' | 'REST', principal: string): Door;
  fetchAs(principal: string, path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export async function startWithPrincipals(names: readonly string[], settings: Readonly<Record<string, string>>): Promise<Principals> {
  const folder = await mkdtemp(join(tmpdir(), 'principals-'));
  const path = join(folder, 'tokens.json');
  const tokens = names.map((name) => tokenEntry(name, ['admin']));
  writeFileSync(path, JSON.stringify({ tokens }));
  const test = await startTestGateway({ settings: { ACCESS_TOKENS_FILE: path, ...settings } });
  const doors: Door[] = [];
  return {
    test,
    doorOf(name, principal) {
      const door = name === 'gRPC' ? new GrpcDoor(test.grpcAddress, tokenOf(principal)) : new RestDoor(test.httpUrl, tokenOf(principal));
      doors.push(door);
      return door;
    },
    fetchAs: (principal, path, init = {}) =>
      fetch(test.httpUrl + path, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${tokenOf(principal)}` },
      }),
    async stop() {
      for (const door of doors) door.close();
      await test.stop();
      await rm(folder, { recursive: true });
    },
  };
}
