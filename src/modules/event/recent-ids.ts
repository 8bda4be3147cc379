const MAX_IDS = 512;

/** The ids of the newest events, to know one that comes a second time. */
export class RecentIds {
  private readonly ids = new Set<string>();

  /** False when it was here before. An event without an id is always new. */
  add(id: string): boolean {
    if (id === '') return true;
    if (this.ids.has(id)) return false;
    this.ids.add(id);
    const [oldest] = this.ids;
    if (oldest !== undefined && this.ids.size > MAX_IDS) this.ids.delete(oldest);
    return true;
  }
}
