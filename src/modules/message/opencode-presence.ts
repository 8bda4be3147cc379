import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  BehaviorSubject,
  concat,
  distinctUntilChanged,
  filter,
  firstValueFrom,
  map,
  of,
  switchMap,
  timer,
  type Observable,
  type Subscription,
} from 'rxjs';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { EventHub } from '../event/event.hub.js';

/** `lost`: away for longer than OPENCODE_LOST_AFTER_S. */
type Presence = 'here' | 'away' | 'lost';

/** Whether OpenCode is there, and when to wait for it no longer. */
@Injectable()
export class OpencodePresence implements OnModuleDestroy {
  /** How long OpenCode may be away until nobody waits for it any more. */
  readonly lostAfterMs: number;
  readonly lost$: Observable<unknown>;
  private readonly presence = new BehaviorSubject<Presence>('away');
  private readonly subscription: Subscription;

  constructor(
    private readonly hub: EventHub,
    @Inject(CONFIG) config: Config,
  ) {
    this.lostAfterMs = config.OPENCODE_LOST_AFTER_S * 1_000;
    this.lost$ = this.presence.pipe(filter((presence) => presence === 'lost'));
    this.subscription = hub.ready$
      .pipe(
        distinctUntilChanged(),
        switchMap((isReady) => this.follow(isReady)),
      )
      .subscribe(this.presence);
  }

  onModuleDestroy(): void {
    this.subscription.unsubscribe();
  }

  /** @throws GatewayError UNAVAILABLE at once unless OpenCode is there */
  require(): void {
    if (!this.hub.isReady) throw unavailable('OpenCode is not ready');
  }

  /** @throws GatewayError UNAVAILABLE when OpenCode does not come back in time */
  async untilHere(): Promise<void> {
    const presence = await firstValueFrom(this.presence.pipe(filter((each) => each !== 'away')));
    if (presence === 'lost') throw unavailable('OpenCode is gone');
  }

  private follow(isReady: boolean): Observable<Presence> {
    return isReady ? of('here') : concat(of<Presence>('away'), timer(this.lostAfterMs).pipe(map((): Presence => 'lost')));
  }
}

function unavailable(message: string): GatewayError {
  return new GatewayError('UNAVAILABLE', message, { reason: 'OPENCODE_UNAVAILABLE', retryAfterMs: 1_000 });
}
