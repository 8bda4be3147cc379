import { Inject, Injectable, Logger } from '@nestjs/common';
import { filter } from 'rxjs';
import { CONFIG, type Config } from '../../common/config/config.js';
import { packageVersion } from '../../common/config/package-version.js';
import { Metrics } from '../../common/metrics/metrics.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { EventHub } from './event.hub.js';

/** What runs here, in labels. */
@Injectable()
export class BuildMetrics {
  private readonly logger = new Logger(BuildMetrics.name);
  private opencode = '';

  constructor(
    metrics: Metrics,
    hub: EventHub,
    private readonly pool: OpencodePool,
    @Inject(CONFIG) { OPENCODE_BASE_URL }: Config,
  ) {
    const version = packageVersion();
    const mode = OPENCODE_BASE_URL === undefined ? 'embedded' : 'remote';
    metrics.readGauge(
      'build_info',
      "Versions of what runs here, and whether OpenCode is the gateway's own; always 1",
      () => [{ labels: { version, node: process.version, opencode: this.opencode, mode }, value: 1 }],
      ['version', 'node', 'opencode', 'mode'],
    );
    // It may come back as another version.
    hub.ready$.pipe(filter(Boolean)).subscribe(() => void this.readVersion());
  }

  private async readVersion(): Promise<void> {
    const [member] = this.pool.all();
    try {
      this.opencode = (await member?.client.health())?.version ?? '';
    } catch (error) {
      this.logger.debug(`The version of OpenCode could not be read: ${String(error)}`);
    }
  }
}
