/** What keeps the gateway from being sent calls: OpenCode's events do not arrive, or it is about to end. */
export type Obstacle = 'upstream' | 'draining';

export interface Readiness {
  readonly ready: boolean;
  readonly notReady: readonly Obstacle[];
}
