import { Logger } from '@nestjs/common';
import { GatewayError } from '../errors/gateway-error.js';
import { DirectoryMender } from './directory-mender.js';
import { toGatewayError } from './opencode.errors.js';

const BROKEN = toGatewayError('GET /config/providers', 503, '');

/** A directory that is broken until it is disposed. */
class Directory {
  isBroken = true;
  isBusy = false;
  disposals = 0;
  readonly mender = new DirectoryMender({
    isBusy: async () => this.isBusy,
    dispose: async () => {
      this.disposals += 1;
      this.isBroken = false;
    },
  });

  read(): Promise<string> {
    return this.mender.read('/w', async () => {
      if (this.isBroken) throw BROKEN;
      return 'read';
    });
  }
}

beforeAll(() => void Logger.overrideLogger(false));

beforeEach(() => void jest.useFakeTimers());

afterEach(() => void jest.useRealTimers());

async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
}

describe('DirectoryMender', () => {
  it('disposes a broken directory once, however many meet it, and reads it again', async () => {
    const directory = new Directory();

    await expect(Promise.all([directory.read(), directory.read(), directory.read()])).resolves.toEqual(['read', 'read', 'read']);
    expect(directory.disposals).toBe(1);
  });

  it('waits for what is about to end in a directory', async () => {
    const directory = new Directory();
    directory.isBusy = true;

    const read = directory.read();
    await pass(1_000);
    directory.isBusy = false;
    await pass(1_000);

    await expect(read).resolves.toBe('read');
  });

  it('leaves a directory alone in which something runs on', async () => {
    const directory = new Directory();
    directory.isBusy = true;

    const read = directory.read();
    read.catch(() => undefined);
    await pass(6_000);

    await expect(read).rejects.toBe(BROKEN);
    expect(directory.disposals).toBe(0);
  });

  it('disposes nothing because of another failure', async () => {
    const directory = new Directory();
    const failure = new GatewayError('UNAVAILABLE', 'gone', { reason: 'OPENCODE_UNREACHABLE' });

    await expect(directory.mender.read('/w', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(directory.disposals).toBe(0);
  });

  it('gives up a directory that stays broken', async () => {
    const directory = new Directory();
    const read = (): Promise<never> => Promise.reject(BROKEN);

    await expect(directory.mender.read('/w', read)).rejects.toBe(BROKEN);
    expect(directory.disposals).toBe(2);
  });
});
