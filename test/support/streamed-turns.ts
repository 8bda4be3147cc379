/** A call of a tool that needs nobody's leave. */
export const glob = { t: 'tool', name: 'glob', args: { pattern: '*.md' } } as const;
/** Breaks off in the middle of its answer once, and gives another one. */
export const retried = [
  { t: 'text', value: 'partial', chunk: 4, ms: 30 },
  { t: 'fail', times: 1 },
  { t: 'text', value: ' answer' },
] as const;
