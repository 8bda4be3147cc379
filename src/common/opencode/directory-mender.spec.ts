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

describe('DirectoryMender', () => {
  it('disposes a broken directory once, however many meet it, and reads it again', async () => {
    const directory = new Directory();

    await expect(Promise.all([directory.read(), directory.read(), directory.read()])).resolves.toEqual(['read', 'read', 'read']);
    expect(directory.disposals).toBe(1);
  });

  it('leaves a directory alone in which something runs', async () => {
    const directory = new Directory();
    directory.isBusy = true;

    await expect(directory.read()).rejects.toBe(BROKEN);
    expect(directory.disposals).toBe(0);
  });

  it('disposes nothing because of another failure', async () => {
    const directory = new Directory();
    const failure = new GatewayError('UNAVAILABLE', 'gone', { reason: 'OPENCODE_UNREACHABLE' });

    await expect(directory.mender.read('/w', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(directory.disposals).toBe(0);
  });

  it('tries once at a time: a directory that stays broken stays an error', async () => {
    const directory = new Directory();
    const read = (): Promise<never> => Promise.reject(BROKEN);

    await expect(directory.mender.read('/w', read)).rejects.toBe(BROKEN);
    expect(directory.disposals).toBe(1);
  });
});
