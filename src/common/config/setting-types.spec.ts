import { isLoopback, isNetwork } from './setting-types.js';

describe('isLoopback', () => {
  it.each(['localhost', '127.0.0.1', '127.8.9.10', '::1', '[::1]'])('is true of %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', '1127.0.0.1', ''])('is false of %j', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

describe('isNetwork', () => {
  it.each(['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', 'fd00::/8', '::1', '::1/128'])('is true of %s', (name) => {
    expect(isNetwork(name)).toBe(true);
  });

  it.each(['10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0', 'example.org', '/8', ''])('is false of %j', (name) => {
    expect(isNetwork(name)).toBe(false);
  });
});
