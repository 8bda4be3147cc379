/** What stands for all values beyond the bound. */
const OTHER = 'other';

/** Values of a label that others may make many: the first ones stand for themselves, all beyond for `other`. */
export class BoundedValues {
  private readonly known = new Set<string>();

  constructor(private readonly max: number) {}

  of(value: string): string {
    if (this.known.has(value)) return value;
    if (this.known.size >= this.max) return OTHER;
    this.known.add(value);
    return value;
  }
}
