import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { StartError } from './config.js';

/** How often files are looked at: secrets in Kubernetes change by a link to another folder, which no watcher sees. */
const CHECK_MS = 1_000;

/** Paths by the settings that name them. */
type Paths = Readonly<Record<string, string>>;

/**
 * Files that settings name and that change while the gateway runs; several of them when they mean something only together.
 *
 * What cannot be used changes nothing, and is said once.
 */
export class WatchedFiles {
  private readonly logger = new Logger(WatchedFiles.name);
  private readonly names: string;
  private readonly looking: NodeJS.Timeout;
  private texts: readonly string[];
  /** Said once, not every second. */
  private problem = '';

  /**
   * @param use - gets the contents in the order of the paths, now and after each change; throws StartError when they cannot be used
   * @throws StartError when they cannot be read or used now
   */
  constructor(
    private readonly paths: Paths,
    private readonly use: (...texts: string[]) => void,
  ) {
    this.names = Object.keys(paths).join(', ');
    this.texts = readAll(paths);
    use(...this.texts);
    this.looking = setInterval(() => this.lookAgain(), CHECK_MS).unref();
  }

  close(): void {
    clearInterval(this.looking);
  }

  private lookAgain(): void {
    try {
      const texts = readAll(this.paths);
      if (texts.some((text, index) => text !== this.texts[index])) {
        this.use(...texts);
        this.texts = texts;
        this.logger.log(`${this.names} changed, and is in use`);
      }
      this.problem = '';
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.problem) this.logger.error(`${problem}; what was there before stays`);
      this.problem = problem;
    }
  }
}

function readAll(paths: Paths): string[] {
  return Object.entries(paths).map(([setting, path]) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw new StartError(`${setting}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
  });
}
