import { HealthWatch } from './health-watch.js';

describe('HealthWatch', () => {
  let isHealthy: boolean;
  let said: number;
  let watch: HealthWatch;

  beforeEach(() => {
    jest.useFakeTimers();
    isHealthy = true;
    said = 0;
    watch = new HealthWatch(
      async () => isHealthy,
      60_000,
      () => (said += 1),
    );
  });

  afterEach(() => {
    watch.stop();
    jest.useRealTimers();
  });

  it('says nothing of a server that answers', async () => {
    await jest.advanceTimersByTimeAsync(600_000);

    expect(said).toBe(0);
  });

  it('says once that a server stayed silent', async () => {
    isHealthy = false;

    await jest.advanceTimersByTimeAsync(600_000);

    expect(said).toBe(1);
  });

  it('forgives a silence that ends in time', async () => {
    isHealthy = false;
    await jest.advanceTimersByTimeAsync(50_000);
    isHealthy = true;
    await jest.advanceTimersByTimeAsync(10_000);
    isHealthy = false;
    await jest.advanceTimersByTimeAsync(50_000);

    expect(said).toBe(0);
  });
});
