import { Injectable } from '@nestjs/common';
import { BehaviorSubject, combineLatest, distinctUntilChanged, map, type Observable } from 'rxjs';
import { EventHub } from '../event/event.hub.js';
import type { Obstacle, Readiness } from './health.model.js';

/** Whether this gateway is to be sent calls. Knows no transport. */
@Injectable()
export class HealthService {
  private readonly leaving = new BehaviorSubject(false);
  /** The present state first. */
  readonly ready$: Observable<boolean>;

  constructor(private readonly hub: EventHub) {
    this.ready$ = combineLatest([hub.ready$, this.leaving]).pipe(
      map(([isReady, isLeaving]) => isReady && !isLeaving),
      distinctUntilChanged(),
    );
  }

  get readiness(): Readiness {
    const notReady: Obstacle[] = [...(this.hub.isReady ? [] : ['upstream' as const]), ...(this.leaving.value ? ['draining' as const] : [])];
    return { ready: notReady.length === 0, notReady };
  }

  /** Says from now on that calls are to be sent elsewhere; whoever sends them here all the same is served. */
  leave(): void {
    this.leaving.next(true);
  }
}
