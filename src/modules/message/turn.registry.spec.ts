import { readConfig } from '../../common/config/config.js';
import type { EventHub } from '../event/event.hub.js';
import { TurnRegistry } from './turn.registry.js';
import { ABORTED_UNSENT } from './turn.verdict.js';

function setUp(settings: NodeJS.ProcessEnv) {
  const registry = new TurnRegistry({ publish: () => undefined } as unknown as EventHub, readConfig(settings));
  let count = 0;
  const open = (principalId?: string) => {
    count += 1;
    const identity = { id: `msg_${count}`, sessionId: `ses_${count}`, directory: '/', requestId: '', kind: 'prompt' as const };
    return registry.open({ ...identity, ...(principalId !== undefined && { principalId }) });
  };
  return { registry, open };
}

const TOO_MANY = expect.objectContaining({ code: 'RESOURCE_EXHAUSTED', reason: 'TOO_MANY_TURNS', retryAfterMs: 5_000 }) as Error;

describe('the number of turns', () => {
  it('is bounded for each principal', () => {
    const { open } = setUp({ MAX_TURNS_PER_PRINCIPAL: '2' });
    open('one');
    open('one');

    expect(() => open('one')).toThrow(TOO_MANY);
    expect(() => open('two')).not.toThrow();
  });

  it('is bounded for all together', () => {
    const { open } = setUp({ MAX_TURNS: '2' });
    open('one');
    open('two');

    expect(() => open('three')).toThrow(TOO_MANY);
  });

  it('has room again when a turn ends', () => {
    const { open } = setUp({ MAX_TURNS_PER_PRINCIPAL: '1' });
    const turn = open('one');

    turn.end(ABORTED_UNSENT);

    expect(() => open('one')).not.toThrow();
  });

  it('does not count what others began', () => {
    const { registry, open } = setUp({ MAX_TURNS: '1' });
    open();
    open();

    expect(() => open('one')).not.toThrow();
    expect(() => open()).not.toThrow();
    expect(registry.begun()).toHaveLength(0);
  });
});
